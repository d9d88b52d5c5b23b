import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import type { Credentials } from '@patchbay/aws-wire/signing';
import { afterAll, describe, expect, it } from 'vitest';
import { sendRaw } from '../../packages/server/src/test-support/send-request.ts';
import { enrolNode } from '../../packages/server/src/test-support/test-node.ts';
import { withRealServer } from '../ssm/real-server.ts';

// Source: aws-docs, https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
describe('@aws-sdk/client-sts', () => {
  const server = withRealServer();
  const clients: STSClient[] = [];
  afterAll(() => {
    for (const client of clients) client.destroy();
  });

  function createClient(credentials: Credentials, region = server().access.region): STSClient {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const client = new STSClient({
      endpoint: server().url,
      region,
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
      maxAttempts: 1,
    });
    clients.push(client);
    return client;
  }

  it('learns who the administrator is', async () => {
    const { $metadata, ...identity } = await createClient(server().administrator).send(
      new GetCallerIdentityCommand({}),
    );
    expect(identity).toEqual({
      Account: server().accountId,
      Arn: `arn:aws:iam::${server().accountId}:user/administrator`,
      UserId: 'administrator',
    });
    expect($metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('learns who a node is', async () => {
    const node = await enrolNode(server());
    expect(await createClient(node.credentials).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: server().accountId,
      Arn: `arn:aws:sts::${server().accountId}:assumed-role/patchbay-node/${node.instanceId}`,
      UserId: node.instanceId,
    });
  });

  async function refusal(client: STSClient): Promise<unknown> {
    const error = await client.send(new GetCallerIdentityCommand({})).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(STSServiceException);
    const { name, $metadata } = error as STSServiceException;
    return { name, statusCode: $metadata.httpStatusCode };
  }

  it('is refused with the names that the query services have for it', async () => {
    const administrator = server().administrator;
    expect(await refusal(createClient({ ...administrator, secretAccessKey: 'wrong' }))).toEqual({
      name: 'SignatureDoesNotMatch',
      statusCode: 403,
    });
    expect(await refusal(createClient({ accessKeyId: 'AKIA0000000000000000', secretAccessKey: 'x' }))).toEqual({
      name: 'InvalidClientTokenId',
      statusCode: 403,
    });
    expect(await refusal(createClient(administrator, 'ap-south-1'))).toEqual({
      name: 'SignatureDoesNotMatch',
      statusCode: 403,
    });
  });

  it('is told that there are no roles to assume', async () => {
    const assume = new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::123456789012:role/any', RoleSessionName: 'any' });
    await expect(createClient(server().administrator).send(assume)).rejects.toMatchObject({
      name: 'InvalidAction',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('answers unsigned calls in XML, with a request id', async () => {
    const answer = await sendRaw(server().url, {
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
    });
    expect(answer.statusCode).toBe(403);
    expect(answer.headers['content-type']).toBe('text/xml');
    expect(answer.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.text).toContain('<Code>MissingAuthenticationToken</Code>');
  });
});
