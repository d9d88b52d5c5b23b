import { GetParameterHistoryCommand, GetParametersCommand } from '@aws-sdk/client-ssm';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { getParameter as get, putParameter as put } from '../../../test-support/test-parameters.ts';
import { createPerson } from '../../../test-support/test-people.ts';
import { withTestServer } from '../../../test-support/test-server.ts';

describe('a SecureString', () => {
  const server = withTestServer();
  const secret = 'correct-horse-battery';

  it('is sealed where it is stored and opens only for those who ask for it and may', async () => {
    await put(server(), { Name: '/db/password', Type: 'SecureString', Value: secret });
    const stored = await server().database.selectFrom('parameterVersions').select(['value', 'keyId']).execute();
    expect(stored).toEqual([{ value: expect.stringMatching(/^v1\./), keyId: 'alias/aws/ssm' }]);
    expect((await get(server(), '/db/password'))?.Value).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(await get(server(), '/db/password', true)).toMatchObject({ Type: 'SecureString', Value: secret });
    const history = new GetParameterHistoryCommand({ Name: '/db/password', WithDecryption: true });
    expect((await server().ssm.send(history)).Parameters).toMatchObject([{ Value: secret, KeyId: 'alias/aws/ssm' }]);
  });

  it('is denied decrypted to operators and auditors, who may read it sealed and everything else as it is', async () => {
    await put(server(), { Name: 'open', Value: 'for all' });
    for (const role of ['operator', 'auditor'] as const) {
      const client = server().createClient(await createPerson(server(), `a-${role}`, role));
      const read = (Names: string[], WithDecryption: boolean) =>
        client.send(new GetParametersCommand({ Names, WithDecryption }));
      expect((await read(['open'], true)).Parameters).toMatchObject([{ Value: 'for all' }]);
      expect((await read(['/db/password'], false)).Parameters?.[0]?.Value).not.toContain(secret);
      await expect(read(['open', '/db/password'], true)).rejects.toMatchObject({
        name: 'AccessDeniedException',
        message: expect.stringContaining('patchbay:DecryptParameters'),
      });
      const history = new GetParameterHistoryCommand({ Name: '/db/password', WithDecryption: true });
      await expect(client.send(history)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    }
    const denied = (await server().auditEvents('ssm:GetParameters')).filter(({ result }) => result !== 'success');
    expect(denied).toHaveLength(2);
  });

  it('opens at no other name', async () => {
    await put(server(), { Name: 'moved', Type: 'SecureString', Value: 'another' });
    await sql`
      update parameter_versions set value = (select value from parameter_versions where name = '/db/password')
        where name = 'moved'`.execute(server().database);
    await expect(get(server(), 'moved', true)).rejects.toMatchObject({ name: 'InternalServerError' });
  });

  it('is in no audit event, log line or error message', async () => {
    const mismatch = { Name: 'pin', Type: 'SecureString', Value: secret, AllowedPattern: String.raw`\d+` } as const;
    await expect(put(server(), mismatch)).rejects.toMatchObject({ message: expect.not.stringContaining(secret) });
    const tooLong = { ...mismatch, AllowedPattern: undefined, Value: secret.repeat(400) };
    await expect(put(server(), tooLong)).rejects.toMatchObject({ message: expect.not.stringContaining(secret) });
    const events = await server().auditEvents();
    expect(events.length).toBeGreaterThan(5);
    expect(JSON.stringify(events)).not.toContain(secret);
    expect(events.find(({ action }) => action === 'ssm:PutParameter')?.input).toMatchObject({ value: '***' });
    expect(server().errorLog.join('')).not.toContain(secret);
    const rows = await sql<{ row: string }>`
      select parameter_versions::text as row from parameter_versions
      union all select idempotency_tokens::text from idempotency_tokens`.execute(server().database);
    expect(JSON.stringify(rows.rows)).not.toContain(secret);
  });
});
