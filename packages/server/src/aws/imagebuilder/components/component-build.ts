import {
  componentType as derivedType,
  formatSemanticVersion,
  type ManagedComponent,
  managedComponents,
  readComponentDocument,
  type SemanticVersion,
} from '@patchbay/patching';
import type { Scope } from '../../../operations/scope.ts';
import { formatArn } from '../arns.ts';
import type { ComponentRow } from './repository.ts';
import { componentType } from './tables.ts';

/** One build of a component, the account's own or one that comes with Patchbay. */
export interface ComponentBuild {
  /** Null for one that comes with Patchbay; in ARNs its account is `aws`. */
  readonly accountId: string | null;
  readonly arnName: string;
  readonly name: string;
  readonly version: SemanticVersion;
  readonly build: number;
  readonly platform: string;
  readonly type: 'BUILD' | 'TEST';
  readonly description: string | null;
  readonly changeDescription: string | null;
  readonly supportedOsVersions: readonly string[];
  /** The document. */
  readonly data: string;
  readonly dateCreated: Date;
}

export function buildOfRow({ major, minor, patch, ...row }: ComponentRow): ComponentBuild {
  return { ...row, version: { major, minor, patch } };
}

function buildOfManaged({ data, dateCreated, ...managed }: ManagedComponent): ComponentBuild {
  const reading = readComponentDocument(data);
  if (!reading.ok) throw new Error(`the document of the managed component ${managed.name} has mistakes`);
  return {
    ...managed,
    accountId: null,
    arnName: managed.name,
    platform: 'Linux',
    type: derivedType(reading.document),
    changeDescription: null,
    supportedOsVersions: [],
    data,
    dateCreated: new Date(dateCreated),
  };
}

/** Every build that comes with Patchbay. */
export const managedBuilds: readonly ComponentBuild[] = managedComponents.map(buildOfManaged);

/** `my-component/1.0.0`, which names all builds of the version. */
export function versionIdOf({ arnName, version }: Pick<ComponentBuild, 'arnName' | 'version'>): string {
  return `${arnName}/${formatSemanticVersion(version)}`;
}

/** `my-component/1.0.0/1`: what tags know a build by. */
export function resourceIdOf(build: Pick<ComponentBuild, 'arnName' | 'version' | 'build'>): string {
  return `${versionIdOf(build)}/${build.build}`;
}

type Owned = Pick<ComponentBuild, 'accountId' | 'arnName' | 'version' | 'build'>;

export function buildArn(build: Owned, { region }: Scope): string {
  const accountId = build.accountId ?? 'aws';
  return formatArn({ accountId, region, resourceType: componentType, resourceId: resourceIdOf(build) });
}

export function versionArn(build: Owned, { region }: Scope): string {
  const accountId = build.accountId ?? 'aws';
  return formatArn({ accountId, region, resourceType: componentType, resourceId: versionIdOf(build) });
}
