import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import {
  canonicalRequest,
  deriveSigningKey,
  formatRequestDate,
  scopeText,
  signRequest,
  stringToSign,
} from '@patchbay/aws-wire';
import { beforeAll, describe, expect, it } from 'vitest';
import { services } from '../app.ts';
import { insertAccessKey, insertUser } from '../identity/repository.ts';
import { countRows } from '../test-support/count-rows.ts';
import { jsonHeadersFor, type RawAnswer, readError, sendRaw } from '../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../test-support/test-node.ts';
import { OTHER_REGION, TEST_REGION, TEST_START, withTestServer } from '../test-support/test-server.ts';

const createBaseline = 'AmazonSSM.CreatePatchBaseline';
const baseline = { Name: 'must-not-exist', OperatingSystem: 'DEBIAN' };

describe('bad input gets an error of AWS and changes nothing', () => {
  const server = withTestServer();
  let node: TestNode;

  beforeAll(async () => {
    node = await enrolNode(server());
  });

  async function expectRefusal(send: () => Promise<RawAnswer>, code: string, statusCode = 400): Promise<string> {
    const before = await countRows(server().database);
    const answer = await send();
    const error = readError(answer);
    expect({ code: error.code, statusCode: answer.statusCode }).toEqual({ code, statusCode });
    expect(answer.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers['x-amzn-errortype']).toBe(code);
    expect(answer.headers['content-type']).toBe('application/x-amz-json-1.1');
    expect(answer.headers.date).toBe(server().now().toUTCString());
    expect(await countRows(server().database)).toEqual(before);
    return error.message;
  }

  it('counts on a call that is accepted to tell the difference', async () => {
    const before = await countRows(server().database);
    const answer = await server().call(createBaseline, { ...baseline, Name: 'accepted' });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
    expect(await countRows(server().database)).not.toEqual(before);
  });

  it.each<[string, string | Uint8Array]>([
    ['text that is no JSON', '{"Name":'],
    ['a list', '[]'],
    ['a text', '"Name"'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ['a number for a text', '{"Name":7}'],
    ['a text for a structure', '{"Name":"abc","GlobalFilters":"x"}'],
    ['an object for a list', '{"Name":"abc","ApprovedPatches":{}}'],
    ['a text for a truth', '{"Name":"abc","ApprovedPatchesEnableNonSecurity":"true"}'],
    ['a hundred thousand brackets', '['.repeat(100_000)],
  ])('%s', async (_title, body) => {
    await expectRefusal(() => server().call(createBaseline, body), 'SerializationException');
  });

  it('text that no database stores', async () => {
    const tagged = { ...baseline, Description: 'a\0b' };
    expect(await expectRefusal(() => server().call(createBaseline, tagged), 'ValidationException')).toContain(
      "at 'description'",
    );
    const command = {
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [node.instanceId],
      Parameters: { commands: ['\ud800'] },
    };
    await expectRefusal(() => server().call('AmazonSSM.SendCommand', command), 'ValidationException');
  });

  it('no signature, and half of one', async () => {
    const body = JSON.stringify(baseline);
    const headers = jsonHeadersFor(createBaseline);
    const unsigned = () => sendRaw(server().url, { headers, body });
    expect(await expectRefusal(unsigned, 'MissingAuthenticationTokenException')).toBe('Missing Authentication Token');
    const half = () =>
      sendRaw(server().url, { headers: { ...headers, authorization: 'AWS4-HMAC-SHA256 Credential=AKIA' }, body });
    await expectRefusal(half, 'IncompleteSignatureException');
    const basic = () => sendRaw(server().url, { headers: { ...headers, authorization: 'Basic eDp5' }, body });
    await expectRefusal(basic, 'IncompleteSignatureException');
  });

  it('a wrong signature: another secret, another body, another operation, a header nobody signed', async () => {
    const wrongSecret = { ...server().administrator, secretAccessKey: 'wrong' };
    await expectRefusal(
      () => server().call(createBaseline, baseline, { credentials: wrongSecret }),
      'InvalidSignatureException',
    );
    const body = Buffer.from(JSON.stringify({ Name: 'signed', OperatingSystem: 'DEBIAN' }));
    const signed = signRequest(
      { method: 'POST', url: new URL(server().url), headers: jsonHeadersFor('AmazonSSM.DescribeActivations'), body },
      { credentials: server().administrator, region: TEST_REGION, service: 'ssm', now: server().now() },
    );
    const changed = { headers: signed, body: JSON.stringify(baseline) };
    await expectRefusal(() => sendRaw(server().url, changed), 'InvalidSignatureException');
    const swapped = { headers: { ...signed, 'x-amz-target': createBaseline }, body };
    await expectRefusal(() => sendRaw(server().url, swapped), 'InvalidSignatureException');
    const added = { headers: { ...signed, 'x-amz-security-token': 'x' }, body };
    await expectRefusal(() => sendRaw(server().url, added), 'UnrecognizedClientException');
    const moved = { headers: signed, body, path: '/other' };
    await expectRefusal(() => sendRaw(server().url, moved), 'InvalidSignatureException');
  });

  it.each([
    ['earlier', -301, 'Signature expired: 20261120T115459Z is now earlier than 20261120T115500Z'],
    ['later', 301, 'Signature not yet current: 20261120T120501Z is still later than 20261120T120500Z'],
  ])('a clock more than five minutes %s', async (_title, seconds, message) => {
    const now = new Date(TEST_START.getTime() + seconds * 1000);
    const text = await expectRefusal(
      () => server().call(createBaseline, baseline, { now }),
      'InvalidSignatureException',
    );
    expect(text).toContain(message);
    const almost = new Date(TEST_START.getTime() + Math.sign(seconds) * 300_000);
    expect((await server().call('AmazonSSM.DescribeActivations', {}, { now: almost })).statusCode).toBe(200);
  });

  async function presigned(signedAt: Date, expiresSeconds: number): Promise<RawAnswer> {
    const { accessKeyId, secretAccessKey } = server().administrator;
    const headers = { host: new URL(server().url).host, 'x-amz-target': createBaseline };
    const body = Buffer.from(JSON.stringify({ ...baseline, Name: 'presigned' }));
    const date = formatRequestDate(signedAt);
    const scope = { date: date.slice(0, 8), region: TEST_REGION, service: 'ssm' };
    const query = new URLSearchParams({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': `${accessKeyId}/${scopeText(scope)}`,
      'X-Amz-Date': date,
      'X-Amz-Expires': String(expiresSeconds),
      'X-Amz-SignedHeaders': 'host;x-amz-target',
    }).toString();
    const signable = { method: 'POST', rawUrl: `/?${query}`, headers: Object.entries(headers), body };
    const canonical = canonicalRequest(signable, ['host', 'x-amz-target']);
    const signature = createHmac('sha256', deriveSigningKey(secretAccessKey, scope))
      .update(stringToSign(date, scopeText(scope), canonical))
      .digest('hex');
    return await sendRaw(server().url, { path: `/?${query}&X-Amz-Signature=${signature}`, headers, body });
  }

  it('a presigned call whose time is over, while one in time is accepted', async () => {
    const signedAt = new Date(TEST_START.getTime() - 3_600_000);
    expect((await presigned(signedAt, 3600)).statusCode).toBe(200);
    expect(await expectRefusal(() => presigned(signedAt, 3599), 'InvalidSignatureException')).toContain(
      'Signature expired',
    );
    await expectRefusal(() => presigned(signedAt, 604_801), 'IncompleteSignatureException');
  });

  async function insertKey(userName: string, revokedAt: Date | null, sealedSecret?: string) {
    const { database, accountId, dependencies } = server();
    const { accessKeyId, secretAccessKey, sealedSecret: sealed } = dependencies.accessKeys.issue();
    await insertUser(database, { userName, createdAt: TEST_START, deletedAt: null });
    await insertAccessKey(database, {
      accessKeyId,
      accountId,
      userName,
      sealedSecret: sealedSecret ?? sealed,
      createdAt: TEST_START,
      lastUsedAt: null,
      revokedAt,
    });
    return { accessKeyId, secretAccessKey };
  }

  it('an unknown key, a revoked key, a key with a session that it cannot have', async () => {
    for (const credentials of [
      { accessKeyId: 'AKIA0000000000000000', secretAccessKey: 'x' },
      await insertKey('administrator', TEST_START),
      { ...server().administrator, sessionToken: node.credentials.sessionToken },
    ]) {
      await expectRefusal(
        () => server().call(createBaseline, baseline, { credentials }),
        'UnrecognizedClientException',
      );
    }
  });

  it('a session token that is missing, tampered with, of another node or expired', async () => {
    const other = await enrolNode(server());
    const { sessionToken = '', ...keys } = node.credentials;
    const middle = Math.floor(sessionToken.length / 2);
    const swapped = sessionToken[middle] === 'A' ? 'B' : 'A';
    const tampered = `${sessionToken.slice(0, middle)}${swapped}${sessionToken.slice(middle + 1)}`;
    const ping = async (credentials: typeof node.credentials) =>
      await server().call('AmazonSSM.UpdateInstanceInformation', { InstanceId: node.instanceId }, { credentials });
    await expectRefusal(() => ping(keys), 'UnrecognizedClientException');
    await expectRefusal(() => ping({ ...keys, sessionToken: tampered }), 'UnrecognizedClientException');
    await expectRefusal(
      () => ping({ ...keys, sessionToken: other.credentials.sessionToken }),
      'UnrecognizedClientException',
    );
    server().advance({ hours: 1 });
    const text = await expectRefusal(() => ping(node.credentials), 'ExpiredTokenException');
    expect(text).toBe('The security token included in the request is expired');
    server().setNow(TEST_START);
  });

  it('a region that is not served is an error, never an empty list', async () => {
    const text = await expectRefusal(
      () => server().call('AmazonSSM.DescribeInstanceInformation', {}, { region: 'ap-south-1' }),
      'InvalidSignatureException',
    );
    expect(text).toBe('Credential should be scoped to a valid region.');
    const input = { InstanceId: node.instanceId };
    const { credentials } = node;
    await expectRefusal(
      () => server().call('AmazonSSM.UpdateInstanceInformation', input, { region: OTHER_REGION, credentials }),
      'InvalidSignatureException',
    );
  });

  it('a signature for another service', async () => {
    const text = await expectRefusal(
      () => server().call(createBaseline, baseline, { service: 'ec2messages' }),
      'InvalidSignatureException',
    );
    expect(text).toBe("Credential should be scoped to correct service: 'ssm'.");
  });

  it('a body above the limit, whether it says its length or not', async () => {
    const body = Buffer.alloc(8 * 1024 * 1024 + 1, 0x20);
    const headers = jsonHeadersFor(createBaseline);
    const text = await expectRefusal(
      () => sendRaw(server().url, { headers, body }),
      'RequestEntityTooLargeException',
      413,
    );
    expect(text).toContain('8388608 bytes');
    const chunked = { ...headers, 'transfer-encoding': 'chunked' };
    await expectRefusal(() => sendRaw(server().url, { headers: chunked, body }), 'RequestEntityTooLargeException', 413);
  });

  it('an unknown target, an unknown operation, no target, another method, another path', async () => {
    for (const target of [
      'AmazonEC2.RunInstances',
      'AmazonSSM.Nothing',
      'AmazonSSM',
      '',
      'a.b.c',
      'AmazonSSM.toString',
    ]) {
      await expectRefusal(() => server().call(target, {}), 'UnknownOperationException');
    }
    await expectRefusal(() => sendRaw(server().url, { body: '{}' }), 'UnknownOperationException');
    await expectRefusal(
      () => sendRaw(server().url, { method: 'GET', path: '/index.html' }),
      'UnknownOperationException',
    );
    await expectRefusal(() => sendRaw(server().url, { method: 'PROPFIND' }), 'UnknownOperationException');
    await expectRefusal(() => sendRaw(server().url, { path: '/%zz' }), 'UnknownOperationException');
  });

  it('what the models hold and Patchbay does not serve yet', async () => {
    const byTarget = services.filter(({ protocol }) => protocol === 'json');
    const unsupported = byTarget.flatMap(({ targetPrefix, operations }) =>
      [...operations.values()]
        .filter(({ support }) => support === 'unsupported')
        .map(({ name }) => `${targetPrefix}.${name}`),
    );
    expect(unsupported.length).toBeGreaterThan(50);
    const before = await countRows(server().database);
    for (const target of unsupported) {
      const answer = await server().call(target, {});
      expect([target, answer.statusCode, readError(answer).code]).toEqual([target, 400, 'UnknownOperationException']);
    }
    expect(await countRows(server().database)).toEqual(before);
  });

  it('a node that calls what is for people, and people what is for nodes', async () => {
    const denied = await expectRefusal(() => node.callSsm('CreatePatchBaseline', baseline), 'AccessDeniedException');
    expect(denied).toBe(
      `User: arn:aws:sts::${server().accountId}:assumed-role/patchbay-node/${node.instanceId} is not authorized to perform: ssm:CreatePatchBaseline on resource: * because no identity-based policy allows the ssm:CreatePatchBaseline action`,
    );
    await expectRefusal(
      () =>
        server().call(
          'EC2WindowsMessageDeliveryService.GetMessages',
          { Destination: node.instanceId, MessagesRequestId: 'r' },
          { service: 'ec2messages' },
        ),
      'AccessDeniedException',
    );
    const credentials = await insertKey('nobody', null);
    await expectRefusal(() => server().call(createBaseline, baseline, { credentials }), 'AccessDeniedException');
  });

  it('a fault of ours says nothing to the caller and everything to the log', async () => {
    const credentials = await insertKey('administrator', null, 'v1.notsealed');
    const text = await expectRefusal(
      () => server().call(createBaseline, baseline, { credentials }),
      'InternalServerError',
      500,
    );
    expect(text).toBe('');
    expect(server().errorLog.join('\n')).toContain('cannot be opened');
  });

  it('what is no HTTP at all ends the connection and nothing else', async () => {
    const { hostname, port } = new URL(server().url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write('NONSENSE\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect((await server().call('AmazonSSM.DescribeActivations', {})).statusCode).toBe(200);
  });
});
