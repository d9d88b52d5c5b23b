import { describe, expect, it } from 'vitest';
import { type CommandClaim, explainUnauthorized } from './authorization.ts';
import {
  commandId,
  createTestSigningKey,
  nodeId,
  signAuthorization,
  type TestCommand,
  writePayload,
} from './test-support/signed-commands.ts';

const key = createTestSigningKey();
const now = new Date('2026-11-22T11:00:00.000Z');

function claimOf(command: TestCommand = {}, signingKey = key): CommandClaim {
  const payload = writePayload(command, signingKey);
  return {
    nodeId,
    commandId,
    documentName: 'AWS-RunPatchBaseline',
    documentContent: payload['DocumentContent'],
    parameters: payload['Parameters'],
    authorization: payload['PatchbayAuthorization'],
  };
}

describe('the authorization of a command', () => {
  it('holds for exactly the command that was signed', () => {
    expect(explainUnauthorized(claimOf(), key, now)).toBeNull();
  });

  const other = createTestSigningKey();
  it.each<[string, CommandClaim, RegExp]>([
    ['no signature', { ...claimOf(), authorization: undefined }, /not signed/],
    ['a signature of another form', { ...claimOf(), authorization: { signature: 'x' } }, /cannot be read/],
    ['another key', claimOf({}, other), /pinned/],
    ['another key under the pinned name', claimOf({}, { ...other, keyId: key.keyId }), /wrong/],
    ['another node', claimOf({ signed: { nodeId: 'mi-00000000000000000' } }), /another node/],
    ['another command', claimOf({ signed: { commandId: commandId.replace('1', '2') } }), /another command id/],
    ['another document', claimOf({ signed: { documentName: 'AWS-RunShellScript' } }), /another document name/],
    ['other content', { ...claimOf(), documentContent: { mainSteps: [] } }, /another document content/],
    ['other parameters', { ...claimOf(), parameters: { Operation: ['Install'] } }, /another parameters/],
    ['an expiry in the past', claimOf({ expiresAt: '2026-11-22T11:00:00.000Z' }), /expired/],
  ])('is refused with %s', (_case, claim, reason) => {
    expect(explainUnauthorized(claim, key, now)).toMatch(reason);
  });

  it('is refused when what was signed was changed afterwards', () => {
    const claim = claimOf({ expiresAt: '2026-11-22T10:00:00.000Z' });
    const signed = claim.authorization as { authorization: { expiresAt: string } };
    const stretched = { ...signed, authorization: { ...signed.authorization, expiresAt: '2027-01-01T00:00:00.000Z' } };
    expect(explainUnauthorized({ ...claim, authorization: stretched }, key, now)).toMatch(/wrong/);
  });

  it('is refused when it was given for a plan', () => {
    const plan = {
      kind: 'plan',
      nodeId,
      operationId: 'o',
      planId: 'p',
      planDigest: 'd',
      expiresAt: '2026-11-22T12:00:00.000Z',
    };
    const authorization = signAuthorization(plan as never, key);
    expect(explainUnauthorized({ ...claimOf(), authorization }, key, now)).toMatch(/belongs to a plan/);
  });
});
