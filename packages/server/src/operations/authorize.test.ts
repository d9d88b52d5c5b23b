import { describe, expect, it } from 'vitest';
import { authorize, type Resource } from './authorize.ts';
import type { Principal } from './principal.ts';

const administrator: Principal = {
  kind: 'user',
  accountId: '123456789012',
  userName: 'admin',
  role: 'administrator',
  accessKeyId: 'AKIA',
};
const node: Principal = { kind: 'node', accountId: '123456789012', region: 'us-east-1', instanceId: 'mi-1' };
const anything: Resource = { arn: '*', tags: {} };
const itself: Resource = {
  arn: 'arn:aws:ssm:us-east-1:123456789012:managed-instance/mi-1',
  tags: {},
  instanceId: 'mi-1',
};
const another: Resource = {
  arn: 'arn:aws:ssm:us-east-1:123456789012:managed-instance/mi-2',
  tags: {},
  instanceId: 'mi-2',
};

describe('authorize', () => {
  it.each([
    ['an administrator may create baselines', administrator, 'ssm:CreatePatchBaseline', anything, true],
    ['an administrator may read verdicts', administrator, 'patchbay:GetNodeVerdict', itself, true],
    ['an administrator may not speak as a node', administrator, 'patchbay:CompletePatchOperation', itself, false],
    ['an administrator may not fetch the messages of a node', administrator, 'ec2messages:GetMessages', itself, false],
    ['a role that nobody defined may do nothing', { ...administrator, role: 'x' }, 'ssm:ListCommands', anything, false],
    ['a node may fetch its own messages', node, 'ec2messages:GetMessages', itself, true],
    ['a node may not fetch those of another', node, 'ec2messages:GetMessages', another, false],
    ['a node may not send commands', node, 'ssm:SendCommand', anything, false],
    ['a node may not read the verdict of itself as a person would', node, 'patchbay:GetNodeVerdict', itself, false],
    ['nobody in particular may register a node', { kind: 'anonymous' }, 'ssm:RegisterManagedInstance', anything, true],
    ['nobody in particular may do nothing else', { kind: 'anonymous' }, 'ssm:ListCommands', anything, false],
  ] as const)('%s', (_title, principal, action, resource, expected) => {
    expect(authorize(principal, action, resource)).toBe(expected);
  });
});
