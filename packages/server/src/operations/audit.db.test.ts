import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { withTestDatabase } from '../database/test-support/test-database.ts';
import { type AuditEvent, createAuditTrail } from './audit.ts';

const test = withTestDatabase();

const eventOf = (number: number): AuditEvent => ({
  accountId: '123456789012',
  region: 'us-east-1',
  eventId: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
  happenedAt: new Date('2026-11-22T03:04:05.678Z'),
  principal: 'arn:aws:iam::123456789012:user/anna',
  action: 'ssm:GetPatchBaseline',
  resource: '*',
  sourceAddress: '127.0.0.1',
  requestId: `request-${number}`,
  result: 'success',
  input: { baselineId: `pb-"${number}"`, umlaut: 'ä' },
});

describe('the audit trail of calls without a transaction', () => {
  it('keeps every event of calls that come at the same moment', async () => {
    const record = createAuditTrail(test().database);
    const events = Array.from({ length: 450 }, (_, number) => eventOf(number));
    await Promise.all(events.map(record));
    const stored = await test().database.selectFrom('auditEvents').selectAll().orderBy('eventId').execute();
    expect(stored).toEqual(events);
  });

  it('keeps an event once that is told twice, and tells callers whose event cannot be kept', async () => {
    const record = createAuditTrail(test().database);
    await Promise.all([record(eventOf(1001)), record(eventOf(1001))]);
    await expect(record({ ...eventOf(1002), eventId: 'not a uuid' })).rejects.toMatchObject({ code: '22P02' });
    await record(eventOf(1003));
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from audit_events where request_id like 'request-1___'`.execute(test().database);
    expect(rows).toEqual([{ count: 2 }]);
  });
});
