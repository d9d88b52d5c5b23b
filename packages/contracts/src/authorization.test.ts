import { describe, expect, it } from 'vitest';
import { authorizationText, type CommandAuthorization } from './authorization.ts';

const command: CommandAuthorization = {
  kind: 'command',
  nodeId: 'mi-0123456789abcdef0',
  commandId: 'c',
  documentName: 'AWS-RunPatchBaseline',
  documentDigest: 'sha256:1',
  parametersDigest: 'sha256:2',
  expiresAt: '2026-11-22T00:00:00.000Z',
};

describe('the text that is signed', () => {
  it('does not depend on the order of members', () => {
    const turned = Object.fromEntries(Object.entries(command).toReversed()) as CommandAuthorization;
    expect(authorizationText(turned)).toBe(authorizationText(command));
  });

  it.each(Object.keys(command).filter((key) => key !== 'kind'))('changes with %s', (member) => {
    expect(authorizationText({ ...command, [member]: 'other' })).not.toBe(authorizationText(command));
  });
});
