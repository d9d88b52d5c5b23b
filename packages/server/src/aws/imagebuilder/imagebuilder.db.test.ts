import { GetInfrastructureConfigurationCommand, ListWorkflowsCommand } from '@aws-sdk/client-imagebuilder';
import { describe, expect, it } from 'vitest';
import { countRows } from '../../test-support/count-rows.ts';
import { type PathCall, pathCallOf, sendPathCall } from '../../test-support/path-call.ts';
import { readError, sendRaw } from '../../test-support/send-request.ts';
import { TEST_REGION, withTestServer } from '../../test-support/test-server.ts';
import { imageBuilder } from './index.ts';

describe('Image Builder on the wire', () => {
  const server = withTestServer();

  const send = async (call: Partial<PathCall>, service = 'imagebuilder') =>
    await sendPathCall(server().url, {
      method: 'GET',
      path: '/',
      headers: {},
      body: '',
      service,
      region: TEST_REGION,
      credentials: server().administrator,
      now: server().now(),
      ...call,
    });
  const arn = () => `arn:aws:imagebuilder:us-east-1:${server().accountId}:infrastructure-configuration/none`;

  it('says of what it does not support that it does not, and does nothing', async () => {
    const client = server().createImageBuilderClient();
    await expect(client.send(new ListWorkflowsCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: 'imagebuilder:ListWorkflows is not supported by Patchbay.',
      $metadata: { httpStatusCode: 404 },
    });
    const unsupported = [...imageBuilder.operations.values()].filter(({ support }) => support === 'unsupported');
    expect(unsupported.length).toBeGreaterThan(0);
    const before = await countRows(server().database);
    for (const operation of unsupported) {
      const answer = await send(pathCallOf(operation, {}));
      expect([operation.name, answer.statusCode, readError(answer)]).toEqual([
        operation.name,
        404,
        { code: 'UnknownOperationException', message: `${operation.permission} is not supported by Patchbay.` },
      ]);
    }
    expect(await countRows(server().database)).toEqual(before);
  });

  it('answers in REST-JSON whatever comes for it, and names the request', async () => {
    const headers = { 'content-type': 'application/json' };
    const answers = [
      await send({ path: '/NoSuchOperation' }),
      await send({ method: 'POST', path: '/GetInfrastructureConfiguration' }),
      await send({ path: `/tags/${arn()}` }),
      await send({ path: '/' }),
      await send({ path: '/GetInfrastructureConfiguration?infrastructureConfigurationArn=x' }),
      await send({ method: 'POST', path: '/ListInfrastructureConfigurations', headers, body: '{"filters":' }),
      await send({ method: 'POST', path: '/ListInfrastructureConfigurations', headers, body: '{"filters":{}}' }),
      await sendRaw(server().url, { method: 'POST', path: '/ListInfrastructureConfigurations' }),
    ];
    expect(answers.map((answer) => [answer.statusCode, readError(answer).code])).toEqual([
      [404, 'UnknownOperationException'],
      [404, 'UnknownOperationException'],
      [404, 'UnknownOperationException'],
      [404, 'UnknownOperationException'],
      [400, 'ValidationException'],
      [400, 'SerializationException'],
      [400, 'SerializationException'],
      [403, 'MissingAuthenticationTokenException'],
    ]);
    for (const { headers: answered } of answers) {
      expect(answered).toMatchObject({
        'content-type': 'application/json',
        'x-amzn-requestid': expect.stringMatching(/^[0-9a-f-]{36}$/),
        date: server().now().toUTCString(),
      });
    }
  });

  it('has no operation at a path that cannot be decoded', async () => {
    const answer = await send({ path: '/tags/%ff' });
    expect([answer.statusCode, answer.headers['x-amzn-errortype']]).toEqual([400, 'UnknownOperationException']);
  });

  it('takes a call without a body, and one that a client writes by hand', async () => {
    const answer = await send({ method: 'POST', path: '/ListInfrastructureConfigurations' });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(JSON.parse(answer.text)).toEqual({
      requestId: answer.headers['x-amzn-requestid'],
      infrastructureConfigurationSummaryList: [],
    });
  });

  it('is not called by a target, nor with the signature of another service', async () => {
    const byTarget = await server().call(
      'imagebuilder.ListInfrastructureConfigurations',
      {},
      { service: 'imagebuilder' },
    );
    expect(readError(byTarget).code).toBe('UnknownOperationException');
    const bySsm = await send({ method: 'POST', path: '/ListInfrastructureConfigurations' }, 'ssm');
    expect(bySsm.statusCode).toBe(403);
    expect(readError(bySsm)).toMatchObject({
      code: 'InvalidSignatureException',
      message: expect.stringContaining("'imagebuilder'"),
    });
    const nothing = await send({ path: '/NoSuchOperation' }, 'ssm');
    expect([nothing.statusCode, nothing.headers['content-type']]).toEqual([400, 'application/x-amz-json-1.1']);
  });

  it('refuses a signature over another query or path', async () => {
    const client = server().createImageBuilderClient();
    client.middlewareStack.add(
      (next) => async (parameters) => {
        const request = parameters.request as { query: Record<string, string> };
        request.query = { infrastructureConfigurationArn: `${arn()}-another` };
        return await next(parameters);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    await expect(
      client.send(new GetInfrastructureConfigurationCommand({ infrastructureConfigurationArn: arn() })),
    ).rejects.toMatchObject({ name: 'InvalidSignatureException', $metadata: { httpStatusCode: 403 } });
  });
});
