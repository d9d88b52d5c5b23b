import { sql } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { Reach } from '../../../operations/authorize.ts';
import type { Scope } from '../../../operations/scope.ts';
import { isTaggedWithinReach } from '../../ssm/tags/reach-condition.ts';
import { type ImageBuilderFilter, valuesOf } from '../filters.ts';
import { type Image, selectImages } from './repository.ts';
import { imageType } from './tables.ts';

/** What lists of images can be filtered by (ListImages, ListImageBuildVersions, ListImagePipelineImages). */
export const imageFilterNames = ['name', 'osVersion', 'platform', 'type', 'version'] as const;
export type ImageFilter = ImageBuilderFilter<(typeof imageFilterNames)[number]>;

export interface ImageQuery {
  readonly reach: Reach;
  readonly filters: readonly ImageFilter[];
  /** Without: those of any name and version. */
  readonly of?: { readonly arnName: string; readonly version: string } | undefined;
  readonly pipelineArn?: string | undefined;
  /** Of each version only the newest build. */
  readonly isOfVersions: boolean;
  readonly includesDeprecated: boolean;
  /** A position that `positionOf` gave; empty for the first page. */
  readonly after: string;
  readonly limit: number;
}

/** Where an image stands in lists: by name, newest version first, newest build first. */
export function positionOf({
  arnName,
  version,
  buildNumber,
}: Pick<Image, 'arnName' | 'version' | 'buildNumber'>): string {
  return JSON.stringify([arnName, ...version.split('.').map((node) => -Number(node)), -buildNumber]);
}

/** Holds for images that stand after a position. */
export function isAfterPosition(position: string) {
  const [arnName, major, minor, patch, build] = JSON.parse(position) as [string, number, number, number, number];
  return sql<boolean>`(images.arn_name, -images.version_order[1], -images.version_order[2], -images.version_order[3],
      -images.build_number)
    > (${arnName}, ${major}::bigint, ${minor}::bigint, ${patch}::bigint, ${build}::int)`;
}

/** Holds for images of versions that stand after that of a position. */
function isOfLaterVersion(position: string) {
  const [arnName, major, minor, patch] = JSON.parse(position) as [string, number, number, number];
  return sql<boolean>`(images.arn_name, -images.version_order[1], -images.version_order[2], -images.version_order[3])
    > (${arnName}, ${major}::bigint, ${minor}::bigint, ${patch}::bigint)`;
}

/** The values of filters cannot hold parentheses: `Debian GNU/Linux 12 (bookworm)` is asked for without its codename. */
const osVersionInFilters = sql<string>`regexp_replace(images.os_version, ' \\(.*\\)$', '')`;

/** Holds for the newest build of each version. */
export const isNewestBuild = sql<boolean>`not exists (select 1 from images newer
  where newer.account_id = images.account_id and newer.region = images.region
    and newer.arn_name = images.arn_name and newer.version = images.version
    and newer.build_number > images.build_number)`;

export async function listImages(db: Database, scope: Scope, query: ImageQuery): Promise<Image[]> {
  const { reach, filters, of, pipelineArn, isOfVersions, includesDeprecated, after, limit } = query;
  let select = selectImages(db, scope).selectAll();
  if (of) select = select.where('arnName', '=', of.arnName).where('version', '=', of.version);
  if (pipelineArn !== undefined) select = select.where('pipelineArn', '=', pipelineArn);
  if (!includesDeprecated) select = select.where('status', '!=', 'DEPRECATED');
  for (const names of valuesOf(filters, 'name')) select = select.where('name', 'in', names);
  for (const versions of valuesOf(filters, 'version')) select = select.where('version', 'in', versions);
  for (const versions of valuesOf(filters, 'osVersion')) select = select.where(osVersionInFilters, 'in', versions);
  const isOfKind = [
    ...valuesOf(filters, 'platform').map((values) => values.includes('Linux')),
    ...valuesOf(filters, 'type').map((values) => values.includes('DOCKER')),
  ];
  if (isOfKind.includes(false)) return [];
  const isWithinReach = isTaggedWithinReach(reach, scope, imageType, 'images.resourceId');
  if (isWithinReach) select = select.where(isWithinReach);
  // Of what the caller sees: a newer build out of reach hides no version.
  if (isOfVersions) select = select.distinctOn(['arnName', 'versionOrder']);
  if (after !== '') select = select.where(isOfVersions ? isOfLaterVersion(after) : isAfterPosition(after));
  return await select
    .orderBy('arnName')
    .orderBy('versionOrder', 'desc')
    .orderBy('buildNumber', 'desc')
    .limit(limit)
    .execute();
}
