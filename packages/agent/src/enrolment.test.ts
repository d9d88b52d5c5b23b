import { describe, expect, it, onTestFinished } from 'vitest';
import { type EnrolmentRequest, enrol } from './enrolment.ts';
import { openStateDirectory, readIdentity, type StateDirectory } from './state/index.ts';
import { region, startControlPlane, type TestControlPlane } from './test-support/control-plane.ts';
import { makePrivateDirectory } from './test-support/private-directory.ts';
import { nodeId } from './test-support/signed-commands.ts';
import { createTestTimers } from './test-support/test-timers.ts';

const activation = { id: '00000000-0000-4000-8000-000000000000', code: '0123456789abcdef0123456789abcdef' };

interface Setup {
  readonly plane: TestControlPlane;
  readonly state: StateDirectory;
  readonly lines: string[];
  readonly enrolWith: (request?: Partial<EnrolmentRequest>) => ReturnType<typeof enrol>;
}

async function setUp(): Promise<Setup> {
  const plane = await startControlPlane();
  onTestFinished(() => plane.close());
  const timers = createTestTimers();
  plane.clock = () => timers.now();
  const state = openStateDirectory(makePrivateDirectory());
  const lines: string[] = [];
  return {
    plane,
    state,
    lines,
    enrolWith: (request = {}) =>
      enrol(
        state,
        { endpoint: plane.endpoint, region, activation, ...request },
        { log: ({ message }) => lines.push(message), timers },
      ),
  };
}

describe('enrolment', () => {
  it('registers a key of its own and pins the key of the control plane', async () => {
    const { plane, state, enrolWith } = await setUp();
    const identity = await enrolWith();
    expect(identity).toMatchObject({ instanceId: nodeId, region, rootDirectory: null });
    expect(identity.signingKey.publicKey).toBe(plane.signingKey.publicKey);
    expect(readIdentity(state)).toEqual(identity);
    expect(plane.registrations[0]?.['Fingerprint']).toBe(identity.fingerprint);
    expect(plane.registrations[0]?.['PublicKey']).toHaveLength(392);
  });

  it('keeps the identity when an activation is given again, and says so', async () => {
    const { plane, lines, enrolWith } = await setUp();
    const first = await enrolWith();
    expect(await enrolWith()).toEqual(first);
    expect(plane.registrations).toHaveLength(1);
    expect(lines.at(-1)).toContain('Already enrolled');
  });

  it('goes on where it stopped when the key could not be fetched', async () => {
    const { plane, state, enrolWith } = await setUp();
    plane.refusals.set('GetSigningKey', [{ status: 400, code: 'AccessDeniedException' }]);
    await expect(enrolWith()).rejects.toMatchObject({ code: 'AccessDeniedException' });
    expect(readIdentity(state)).toMatchObject({ instanceId: nodeId, signingKey: null });
    const nothing = { endpoint: null, region: null, activation: null };
    expect((await enrolWith(nothing)).signingKey.keyId).toBe(plane.signingKey.keyId);
    expect(plane.registrations).toHaveLength(1);
  });

  it('never changes the pinned key by itself', async () => {
    const { plane, enrolWith } = await setUp();
    const first = await enrolWith();
    plane.calls.length = 0;
    expect((await enrolWith()).signingKey).toEqual(first.signingKey);
    expect(plane.calls).toEqual([]);
  });

  it.each([
    [{ status: 400, code: 'InvalidActivation' }, 'ACTIVATION_REFUSED', /create-activation/],
    [{ status: 400, code: 'ValidationException' }, 'ENROLMENT_FAILED', /ValidationException/],
  ])('says what to do after %j', async (refusal, code, text) => {
    const { plane, state, enrolWith } = await setUp();
    plane.refusals.set('RegisterManagedInstance', [refusal]);
    await expect(enrolWith()).rejects.toMatchObject({ code, message: expect.stringMatching(text) });
    expect(readIdentity(state)).toBeNull();
  });

  it('tries again when the control plane is busy', async () => {
    const { plane, enrolWith } = await setUp();
    plane.refusals.set('RegisterManagedInstance', [{ status: 400, code: 'TooManyUpdates' }]);
    expect((await enrolWith()).instanceId).toBe(nodeId);
  });

  it.each([{ endpoint: null }, { region: null }, { activation: null }])(
    'needs all that it needs: %j',
    async (request) => {
      const { enrolWith } = await setUp();
      await expect(enrolWith(request)).rejects.toMatchObject({ code: 'NOT_ENROLLED' });
    },
  );

  it.each([{ region: 'eu-west-1' }, { rootDirectory: '/srv/root' }])('is for one node: %j', async (request) => {
    const { enrolWith } = await setUp();
    await enrolWith();
    await expect(enrolWith(request)).rejects.toMatchObject({ code: 'ENROLMENT_MISMATCH' });
  });

  it('follows a control plane that moved to another address', async () => {
    const { plane, state, enrolWith } = await setUp();
    await enrolWith();
    const moved = plane.endpoint.replace('127.0.0.1', 'localhost');
    expect((await enrolWith({ endpoint: moved })).endpoint).toBe(moved);
    expect(readIdentity(state)?.endpoint).toBe(moved);
  });
});
