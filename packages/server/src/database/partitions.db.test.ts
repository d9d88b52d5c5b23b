import { type Kysely, sql } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import { createMonthlyPartitionedTable, ensurePartitions } from './partitions.ts';
import { withTestDatabase } from './test-support/test-database.ts';

describe('monthly partitions', () => {
  const testDatabase = withTestDatabase();

  beforeAll(async () => {
    await createMonthlyPartitionedTable(testDatabase().database as unknown as Kysely<never>, {
      table: 'event_log',
      column: 'happened_at',
      definition: 'happened_at timestamptz not null, text text not null, primary key (happened_at, text)',
    });
  });

  it('creates this month and the next three, across the end of a year, and then nothing', async () => {
    const { database } = testDatabase();
    const now = new Date('2026-11-30T23:59:59Z');
    expect((await ensurePartitions(database, now)).filter(isOurs)).toEqual([
      'event_log_2026_11',
      'event_log_2026_12',
      'event_log_2027_01',
      'event_log_2027_02',
    ]);
    expect((await ensurePartitions(database, now)).filter(isOurs)).toEqual([]);
  });

  it('keeps a row of a month without a partition, and moves it when there is one', async () => {
    const { database } = testDatabase();
    await sql`insert into event_log values ('2028-05-10T00:00:00Z', 'early')`.execute(database);
    expect(await placeOf('early')).toBe('event_log_default');
    await ensurePartitions(database, new Date('2028-05-01T00:00:00Z'));
    expect(await placeOf('early')).toBe('event_log_2028_05');
  });

  it('draws the border of months in UTC', async () => {
    const { database } = testDatabase();
    await sql`insert into event_log values ('2026-12-31T23:59:59.999Z', 'last'), ('2027-01-01T00:00:00Z', 'first')`.execute(
      database,
    );
    expect([await placeOf('last'), await placeOf('first')]).toEqual(['event_log_2026_12', 'event_log_2027_01']);
  });

  it('is safe to run at the same time', async () => {
    const { database } = testDatabase();
    const now = new Date('2030-01-01T00:00:00Z');
    const created = await Promise.all([ensurePartitions(database, now), ensurePartitions(database, now)]);
    expect(created.flat().filter(isOurs)).toHaveLength(4);
  });

  function isOurs(name: string): boolean {
    return name.startsWith('event_log');
  }

  async function placeOf(text: string): Promise<string | undefined> {
    const { rows } = await sql<{
      place: string;
    }>`select tableoid::regclass::text as place from event_log where text = ${text}`.execute(testDatabase().database);
    return rows[0]?.place;
  }
});
