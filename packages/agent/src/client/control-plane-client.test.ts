import { generateKeyPairSync } from 'node:crypto';
import { GetSigningKey } from '@patchbay/contracts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { region, startControlPlane, type TestControlPlane } from '../test-support/control-plane.ts';
import { nodeId } from '../test-support/signed-commands.ts';
import { createTestTimers, type TestTimers } from '../test-support/test-timers.ts';
import { type ControlPlaneClient, createControlPlaneClient } from './control-plane-client.ts';

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const publicKey = keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
const nothing = z.object({});

async function connect(): Promise<{ plane: TestControlPlane; client: ControlPlaneClient; timers: TestTimers }> {
  const plane = await startControlPlane();
  const timers = createTestTimers();
  plane.clock = () => timers.now();
  await fetch(plane.endpoint, {
    method: 'POST',
    headers: { 'x-amz-target': 'AmazonSSM.RegisterManagedInstance' },
    body: JSON.stringify({ PublicKey: publicKey }),
  });
  plane.calls.length = 0;
  const client = createControlPlaneClient(
    {
      instanceId: nodeId,
      fingerprint: 'f',
      privateKeyPem: keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      endpoint: plane.endpoint,
      region,
    },
    { log: () => {}, timers },
  );
  onTestFinished(async () => {
    client.close();
    await plane.close();
  });
  return { plane, client, timers };
}

const ping = (client: ControlPlaneClient, options = {}) =>
  client.callSsm('UpdateInstanceInformation', { InstanceId: nodeId }, nothing, options);
const tokens = (plane: TestControlPlane) =>
  plane.calls.filter((call) => call === 'RequestManagedInstanceRoleToken').length;

describe('calls to the control plane', () => {
  it('are signed for the service that they go to', async () => {
    const { plane, client } = await connect();
    await ping(client);
    await client.callMessages('AcknowledgeMessage', { MessageId: 'm' }, nothing);
    expect(await client.callPatchbay(GetSigningKey, {})).toMatchObject({ keyId: plane.signingKey.keyId });
    expect(tokens(plane)).toBe(1);
  });

  it('tell how far the clock of this machine is from theirs, also where they are refused', async () => {
    const { plane, client, timers } = await connect();
    const ahead = new Date(timers.now().getTime() - 600_000);
    plane.clock = () => ahead;
    expect(await client.compareClocks()).toBe(600);
    plane.clock = () => new Date(timers.now().getTime() + 90_000);
    await ping(client).catch(() => undefined);
    expect(await client.compareClocks()).toBe(-90);
  });

  it('renew the credentials at half of their life', async () => {
    const { plane, client, timers } = await connect();
    await ping(client);
    timers.set('2026-11-22T10:29:59.000Z');
    await ping(client);
    expect(tokens(plane)).toBe(1);
    timers.set('2026-11-22T10:30:01.000Z');
    await ping(client);
    expect(tokens(plane)).toBe(2);
  });

  it('go on with credentials that are still good when new ones cannot be had', async () => {
    const { plane, client, timers } = await connect();
    await ping(client);
    timers.set('2026-11-22T10:45:00.000Z');
    plane.refusals.set('RequestManagedInstanceRoleToken', [{ status: 500, code: 'InternalServerError' }]);
    await ping(client);
    expect(plane.pings).toHaveLength(2);
  });

  it('ask for new credentials when the old ones are not taken any more', async () => {
    const { plane, client } = await connect();
    plane.refusals.set('UpdateInstanceInformation', [{ status: 400, code: 'ExpiredTokenException' }]);
    await ping(client);
    expect(tokens(plane)).toBe(2);
  });

  it.each([
    { status: 500, code: 'InternalServerError' },
    { status: 503, code: 'ServiceUnavailableException' },
    { status: 400, code: 'ThrottlingException' },
  ])('are repeated, later each time, after $code', async (refusal) => {
    const { plane, client, timers } = await connect();
    plane.refusals.set('UpdateInstanceInformation', [refusal, refusal, refusal]);
    await ping(client);
    expect(timers.slept).toEqual([375, 750, 1500]);
  });

  it('go on for as long as they are told to, however many they become', async () => {
    const { plane, client, timers } = await connect();
    const refusal = { status: 503, code: 'ServiceUnavailableException' };
    plane.refusals.set(
      'UpdateInstanceInformation',
      Array.from({ length: 10 }, () => refusal),
    );
    await ping(client, { patienceSeconds: 3600 });
    expect(timers.slept.slice(0, 10).at(-1)).toBe(15_000);

    plane.refusals.set('UpdateInstanceInformation', [refusal, refusal]);
    await expect(ping(client, { patienceSeconds: 0 })).rejects.toMatchObject({ name: 'ServerError' });
    expect(timers.slept).toHaveLength(10);
  });

  it('end with the error of the last attempt', async () => {
    const { plane, client } = await connect();
    const refusal = { status: 500, code: 'InternalServerError' };
    plane.refusals.set('UpdateInstanceInformation', [refusal, refusal]);
    await expect(ping(client, { attempts: 2 })).rejects.toMatchObject({ name: 'ServerError', statusCode: 500 });
  });

  it('are not repeated when the control plane means it', async () => {
    const { plane, client, timers } = await connect();
    plane.refusals.set('UpdateInstanceInformation', [{ status: 400, code: 'InvalidInstanceId' }]);
    await expect(ping(client)).rejects.toMatchObject({ name: 'ServerError', code: 'InvalidInstanceId' });
    expect(timers.slept).toEqual([]);
  });

  it('say when an answer has another form than expected', async () => {
    const { client } = await connect();
    const answer = client.callSsm('UpdateInstanceInformation', {}, z.object({ Name: z.string() }));
    await expect(answer).rejects.toMatchObject({ name: 'UnreachableError', code: 'MALFORMED_ANSWER' });
  });

  it('say when nobody is there', async () => {
    const { plane, client } = await connect();
    await plane.close();
    await expect(ping(client, { attempts: 1 })).rejects.toMatchObject({
      name: 'UnreachableError',
      code: 'NOT_CONNECTED',
    });
  });

  it('can be given up', async () => {
    const { client } = await connect();
    await expect(ping(client, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
