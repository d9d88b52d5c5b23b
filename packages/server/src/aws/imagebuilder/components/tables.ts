import type { ColumnType } from 'kysely';

/** In ARNs, and what `resource_tags` calls them. */
export const componentType = 'component';

type Fixed<Type> = ColumnType<Type, Type, never>;

/** One build of a version of a component; nothing of it ever changes. */
export interface ImageComponentsTable {
  accountId: Fixed<string>;
  region: Fixed<string>;
  /** The name as ARNs hold it. */
  arnName: Fixed<string>;
  major: Fixed<number>;
  minor: Fixed<number>;
  patch: Fixed<number>;
  build: Fixed<number>;
  /** `my-component/1.0.0/1`: what the ARN ends with. */
  resourceId: ColumnType<string, never, never>;
  /** As it was given. */
  name: Fixed<string>;
  platform: Fixed<string>;
  type: Fixed<'BUILD' | 'TEST'>;
  description: Fixed<string | null>;
  supportedOsVersions: Fixed<string[]>;
  changeDescription: Fixed<string | null>;
  /** The document. */
  data: Fixed<string>;
  dateCreated: Fixed<Date>;
}

/** The highest number that a build of a version had, deleted ones included. */
export interface ImageComponentNumbersTable {
  accountId: Fixed<string>;
  region: Fixed<string>;
  /** `my-component/1.0.0`. */
  versionId: Fixed<string>;
  lastBuild: number;
}

export interface ComponentTables {
  imageComponents: ImageComponentsTable;
  imageComponentNumbers: ImageComponentNumbersTable;
}
