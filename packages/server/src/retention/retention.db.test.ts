import { SendCommandCommand } from '@aws-sdk/client-ssm';
import { GetNodeVerdict, ListFirstSeen, SubmitFacts } from '@patchbay/contracts';
import { contentDigest } from '@patchbay/facts/digest';
import { sql } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensurePartitions } from '../database/index.ts';
import { installedPackage, sampleFacts, securityOffer } from '../test-support/sample-facts.ts';
import { readSuccess } from '../test-support/send-request.ts';
import { enrolNode } from '../test-support/test-node.ts';
import { withTestServer } from '../test-support/test-server.ts';
import { applyRetention } from './apply-retention.ts';
import { defaultRetention } from './retention-policy.ts';

const factsOf = (version: string) =>
  sampleFacts({ installed: [installedPackage('kept', version)], offers: [securityOffer('kept', '9', version)] });

describe('retention', () => {
  const server = withTestServer();
  const count = async (table: string, where = sql`true`) => {
    const found = await sql<{ count: string }>`select count(*) from ${sql.table(table)} where ${where}`.execute(
      server().database,
    );
    return Number(found.rows[0]?.count);
  };
  const apply = async (change = {}) =>
    await applyRetention(server().database, { ...defaultRetention, ...change }, server().now());
  const partitions = async () => {
    const found = await sql<{ name: string }>`
      select relname as name from pg_class where relname like 'node_facts_20%' and relkind = 'r' order by 1`.execute(
      server().database,
    );
    return found.rows.map(({ name }) => name);
  };

  beforeAll(async () => {
    await ensurePartitions(server().database, new Date('2026-11-01T00:00:00Z'));
  });

  it('removes raw facts after 90 days with the units that nothing refers to, and never the newest of a node', async () => {
    const silent = await enrolNode(server());
    await silent.submitFacts(factsOf('1'));
    const gone = contentDigest(factsOf('2').installed);
    await silent.submitFacts(factsOf('2'));
    await silent.submitFacts(factsOf('3'));
    server().advance({ hours: 24 * 89 });
    await apply();
    expect(await count('node_facts')).toBe(3);
    server().advance({ hours: 24 * 2 });
    const active = await enrolNode(server());
    await active.submitFacts(factsOf('4'));
    await apply();
    expect(await count('node_facts')).toBe(2);
    expect(await count('installed_sets')).toBe(2);
    expect(await count('installed_sets', sql`digest = ${gone}`)).toBe(0);
    const answer = await server().call(
      'Patchbay.GetNodeVerdict',
      { instanceId: silent.instanceId },
      { service: 'patchbay' },
    );
    expect(GetNodeVerdict.output.parse(readSuccess(answer)).verdict).toMatchObject({
      status: 'unknown',
      unknownReasons: [{ code: 'stale-facts' }],
      items: expect.arrayContaining([expect.objectContaining({ installedVersion: '3' })]),
    });
    const seen = await server().call('Patchbay.ListFirstSeen', { source: 'kept' }, { service: 'patchbay' });
    expect(ListFirstSeen.output.parse(readSuccess(seen)).records.map(({ sourceVersion }) => sourceVersion)).toContain(
      '1',
    );
  });

  it('asks for a unit again that it has removed', async () => {
    const node = await enrolNode(server());
    const facts = factsOf('2');
    const digestOnly = (content: object) => ({ digest: contentDigest(content) });
    const answer = await node.patchbay(SubmitFacts, {
      operatingSystem: facts.operatingSystem,
      overlay: facts.overlay,
      installed: digestOnly(facts.installed),
      offers: digestOnly(facts.offers),
      policy: digestOnly(facts.policy),
    });
    expect(answer.missing).toContain('installed');
  });

  it('drops the partitions of months in which nothing has to stay, and keeps the others', async () => {
    await ensurePartitions(server().database, new Date('2026-08-01T00:00:00Z'));
    const before = await partitions();
    expect(before).toEqual(expect.arrayContaining(['node_facts_2026_08', 'node_facts_2026_09', 'node_facts_2026_11']));
    await apply();
    const after = await partitions();
    expect(after).not.toContain('node_facts_2026_08');
    // The newest facts of the silent node lie there.
    expect(after).toContain('node_facts_2026_11');
    expect(await ensurePartitions(server().database, server().now())).toEqual(expect.any(Array));
  });

  it('counts each kind by its own days', async () => {
    const { database } = server();
    const old = (days: number) => new Date(server().now().getTime() - days * 86_400_000);
    const row = { accountId: 'a', region: 'r', operation: 'o', inputHash: '', output: '1' };
    await database
      .insertInto('idempotencyTokens')
      .values([
        { ...row, token: 'young', createdAt: old(6) },
        { ...row, token: 'old', createdAt: old(8) },
      ])
      .execute();
    const event = {
      accountId: 'a',
      region: 'r',
      principal: '',
      action: 'test:Old',
      resource: '',
      sourceAddress: '',
      requestId: '',
      result: 'success',
      input: '{}',
    };
    await database
      .insertInto('auditEvents')
      .values([
        { ...event, eventId: '00000000-0000-4000-8000-000000000001', happenedAt: old(2556) },
        { ...event, eventId: '00000000-0000-4000-8000-000000000002', happenedAt: old(2558) },
      ])
      .execute();
    const plugin = {
      accountId: 'a',
      instanceId: 'mi-1',
      pluginName: 'p',
      position: 0,
      action: '',
      status: '',
      responseCode: 0,
      startedAt: null,
      finishedAt: null,
      standardOutput: 'x',
      standardError: '',
    };
    await database
      .insertInto('commandPlugins')
      .values([
        { ...plugin, commandId: 'young', requestedAt: old(29) },
        { ...plugin, commandId: 'old', requestedAt: old(31) },
      ])
      .execute();
    const chunk = {
      accountId: 'a',
      instanceId: 'mi-1',
      pluginName: 'p',
      stream: 'stdout',
      startByte: 0,
      endByte: 1,
    } as const;
    await database
      .insertInto('commandOutputs')
      .values([
        { ...chunk, commandId: 'young', requestedAt: old(29), content: Buffer.from('x') },
        { ...chunk, commandId: 'old', requestedAt: old(31), content: Buffer.from('x') },
      ])
      .execute();
    await apply();
    expect(await count('command_outputs', sql`account_id = 'a'`)).toBe(1);
    expect(await count('idempotency_tokens', sql`account_id = 'a'`)).toBe(1);
    expect(await count('audit_events', sql`action = 'test:Old'`)).toBe(1);
    expect(await count('command_plugins', sql`account_id = 'a'`)).toBe(1);
    await apply({ commandOutput: 28 });
    expect(await count('command_plugins', sql`account_id = 'a'`)).toBe(0);
    expect(await count('command_outputs', sql`account_id = 'a'`)).toBe(0);
  });

  it('removes an old command with its invocations and what it was sent with', async () => {
    const node = await enrolNode(server());
    const { Command: sent } = await server().ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunPatchBaseline',
        Parameters: { Operation: ['Scan'] },
        InstanceIds: [node.instanceId],
      }),
    );
    const commandId = sent?.CommandId ?? '';
    const override = { kind: 'install-list', address: 'https://x/y', digest: 'sha256:0', content: '[]' } as const;
    await server()
      .database.insertInto('commandOverrides')
      .values({ accountId: 'a', region: 'r', commandId, ...override, readAt: server().now() })
      .execute();
    await server()
      .database.insertInto('commandDocuments')
      .values({
        accountId: 'a',
        region: 'r',
        commandId,
        requestedAt: server().now(),
        content: '{}',
        nested: '{}',
        documentNames: ['Own'],
      })
      .execute();
    await apply({ transactions: 1 });
    expect([await count('command_overrides'), await count('command_documents')]).toEqual([1, 1]);
    server().advance({ hours: 25 });
    await apply({ transactions: 1 });
    const left = [await count('command_overrides'), await count('command_documents'), await count('commands')];
    expect(left).toEqual([0, 0, 0]);
  });

  it('removes an old patch plan with its nodes', async () => {
    const { instanceId } = await enrolNode(server());
    readSuccess(
      await server().call('Patchbay.CreatePatchPlan', { instanceIds: [instanceId] }, { service: 'patchbay' }),
    );
    await apply({ transactions: 1 });
    expect(await count('patch_plan_nodes')).toBe(1);
    server().advance({ hours: 25 });
    await apply({ transactions: 1 });
    expect([await count('patch_plans'), await count('patch_plan_nodes')]).toEqual([0, 0]);
  });
});
