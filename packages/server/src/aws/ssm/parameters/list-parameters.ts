import { type Expression, type SqlBool, sql } from 'kysely';
import type { Database } from '../../../database/tables.ts';
import type { MatchOption, ParameterFilter } from './filters.ts';
import { type Moment, type ParameterVersion, selectVersions } from './repository.ts';

export interface ParameterQuery {
  readonly filters: readonly ParameterFilter[];
  readonly after: string;
  readonly limit: number;
}

const columns = {
  name: sql.ref('parameters.name'),
  type: sql.ref('parameters.type'),
  keyId: sql.ref('parameter_versions.key_id'),
  tier: sql.ref('parameter_versions.tier'),
  dataType: sql.ref('parameter_versions.data_type'),
} as const;

function matchesAny(column: Expression<unknown>, option: MatchOption, values: readonly string[]): Expression<SqlBool> {
  const list = sql`${[...values]}::text[]`;
  switch (option) {
    case 'Equals':
      return sql<SqlBool>`${column} = any(${list})`;
    case 'BeginsWith':
      return sql<SqlBool>`exists (select from unnest(${list}) as wanted where starts_with(${column}, wanted))`;
    case 'Contains':
      return sql<SqlBool>`exists (select from unnest(${list}) as wanted where strpos(${column}, wanted) > 0)`;
  }
}

/** What lies below one of the paths, or directly in it. A name without a slash lies in `/`. */
function liesIn(paths: readonly string[], isRecursive: boolean): Expression<SqlBool> {
  const name = sql`case when starts_with(parameters.name, '/') then parameters.name else '/' || parameters.name end`;
  const directly = isRecursive ? sql`true` : sql`strpos(substr(${name}, length(path) + 1), '/') = 0`;
  return sql<SqlBool>`exists (
    select from unnest(${[...paths]}::text[]) as path where starts_with(${name}, path) and ${directly})`;
}

function conditionOf(filter: ParameterFilter): Expression<SqlBool> {
  switch (filter.kind) {
    case 'text':
      return matchesAny(columns[filter.member], filter.option, filter.values);
    case 'path':
      return liesIn(filter.paths, filter.isRecursive);
    case 'tag':
      return sql<SqlBool>`exists (
        select from resource_tags tag
          where tag.account_id = parameters.account_id and tag.region = parameters.region
            and tag.resource_type = 'Parameter' and tag.resource_id = parameters.name and tag.key = ${filter.tagKey}
            and ${filter.values.length === 0 ? sql`true` : matchesAny(sql.ref('tag.value'), filter.option, filter.values)})`;
    case 'label':
      return sql<SqlBool>`parameter_versions.version = (
        select max(label.version) from parameter_labels label
          where label.account_id = parameters.account_id and label.region = parameters.region
            and label.name = parameters.name and label.label = any(${[...filter.values]}::text[]))`;
  }
}

/** The names between which a path lies, for the index: `0` follows `/` in the order of bytes. */
function rangeOf(filter: ParameterFilter): { readonly from: string; readonly before: string } | undefined {
  const [path, ...others] = filter.kind === 'path' ? filter.paths : [];
  if (path === undefined || path === '/' || others.length > 0) return undefined;
  return { from: path, before: `${path.slice(0, -1)}0` };
}

/** One page of parameters in the order of their names: the newest version of each, or the one with a label. */
export async function listParameters(db: Database, moment: Moment, query: ParameterQuery): Promise<ParameterVersion[]> {
  let select = selectVersions(db, moment).where('parameters.name', '>', query.after);
  if (query.filters.every(({ kind }) => kind !== 'label')) {
    select = select.whereRef('parameterVersions.version', '=', 'parameters.version');
  }
  for (const filter of query.filters) {
    const range = rangeOf(filter);
    if (range) select = select.where('parameters.name', '>=', range.from).where('parameters.name', '<', range.before);
    select = select.where(conditionOf(filter));
  }
  return await select.orderBy('parameters.name').limit(query.limit).execute();
}
