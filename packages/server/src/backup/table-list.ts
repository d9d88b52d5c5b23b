import type { Client } from 'pg';

export interface StoredTable {
  readonly name: string;
  /** In their order, without generated ones. */
  readonly columns: readonly string[];
}

/** Kept by the migrator of whoever restores; pg-boss's own schema is made anew at every start. */
const leftOut = ['schema_migration', 'schema_migration_lock'];

/** Our tables, so that none comes before one that it refers to. Partitions come with the table that they are of. */
export async function listTables(client: Client): Promise<StoredTable[]> {
  const { rows: tables } = await client.query<StoredTable>(
    `select class.relname as name,
        array_agg(attribute.attname::text order by attribute.attnum) as columns
      from pg_class class
      join pg_attribute attribute on attribute.attrelid = class.oid
      where class.relnamespace = 'public'::regnamespace and class.relkind in ('r', 'p') and not class.relispartition
        and attribute.attnum > 0 and not attribute.attisdropped and attribute.attgenerated = ''
        and class.relname <> all ($1)
      group by class.relname
      order by class.relname`,
    [leftOut],
  );
  const { rows: references } = await client.query<{ name: string; target: string }>(
    `select conrelid::regclass::text as name, confrelid::regclass::text as target
      from pg_constraint where contype = 'f' and conrelid <> confrelid and conparentid = 0`,
  );
  return orderByReference(tables, references);
}

/** Puts what is referred to first, otherwise in the order given. Throws for a circle, which our schema has not. */
export function orderByReference<Table extends { readonly name: string }>(
  tables: readonly Table[],
  references: readonly { readonly name: string; readonly target: string }[],
): Table[] {
  const names = new Set(tables.map(({ name }) => name));
  const ordered: Table[] = [];
  const placed = new Set<string>();
  while (ordered.length < tables.length) {
    const ready = tables.filter(
      ({ name }) =>
        !placed.has(name) &&
        references.every((each) => each.name !== name || placed.has(each.target) || !names.has(each.target)),
    );
    if (ready.length === 0) throw new Error('Tables refer to each other in a circle');
    for (const table of ready) {
      placed.add(table.name);
      ordered.push(table);
    }
  }
  return ordered;
}

/** Sequences that were used, and the number that each gave out last. */
export async function listSequences(client: Client): Promise<{ name: string; lastValue: string }[]> {
  const { rows } = await client.query<{ name: string; lastValue: string }>(
    `select sequencename as name, last_value::text as "lastValue" from pg_sequences
      where schemaname = 'public' and last_value is not null order by sequencename`,
  );
  return rows;
}
