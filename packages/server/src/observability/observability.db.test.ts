import { DescribePatchBaselinesCommand } from '@aws-sdk/client-ssm';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { enrolNode } from '../test-support/test-node.ts';
import { withTestServer } from '../test-support/test-server.ts';
import { createReadiness } from './readiness.ts';

const server = withTestServer();
const get = async (path: string) => {
  const answer = await fetch(`${server().url}${path}`);
  return { status: answer.status, text: await answer.text() };
};

describe('a running server', () => {
  it('is alive and ready', async () => {
    expect(await get('/healthz')).toEqual({ status: 200, text: '{"status":"alive"}' });
    expect(await get('/readyz')).toEqual({ status: 200, text: '{"status":"ready","reasons":[]}' });
  });

  it('counts what it is asked, and what it refuses, without a word of the caller', async () => {
    await server().ssm.send(new DescribePatchBaselinesCommand({}));
    await server().call('AmazonSSM.SecretWord', {});
    const node = await enrolNode(server());
    await node.callEc2Messages('SendReply', { MessageId: 'aws.ssm.never.mi-1', ReplyId: 'x', Payload: '{}' });
    const { status, text } = await get('/metrics');
    expect(status).toBe(200);
    expect(text).toContain('patchbay_requests_total{operation="ssm:DescribePatchBaselines",result="success"} 1');
    expect(text).toContain('patchbay_requests_total{operation="unknown",result="UnknownOperationException"} 1');
    expect(text).toMatch(/patchbay_agent_replies_refused_total\{operation="ec2messages:SendReply",result="\w+"\} 1/);
    expect(text).not.toContain('SecretWord');
    expect(text).not.toContain(node.instanceId);
  });

  it('is not ready once a newer release has changed the database', async () => {
    await sql`insert into schema_migration (name, timestamp) values ('9999-later', 'now')`.execute(server().database);
    const { status, text } = await get('/readyz');
    await sql`delete from schema_migration where name = '9999-later'`.execute(server().database);
    expect(status).toBe(503);
    expect(text).toContain('9999-later');
  });

  it('is not ready while it stops, or when its jobs have stopped', async () => {
    const look = createReadiness({
      db: server().database,
      areJobsRunning: () => false,
      stopping: AbortSignal.abort(),
    });
    expect((await look()).map(({ check }) => check)).toEqual(['stopping', 'jobs']);
  });
});
