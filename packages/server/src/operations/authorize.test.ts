import { describe, expect, it } from 'vitest';
import { anyResource, authorize, isWithinReach, mayEver, type Reach, type Resource, reachOf } from './authorize.ts';
import type { Binding, Principal } from './principal.ts';
import { nodeResource } from './resources.ts';

const scope = { accountId: '123456789012', region: 'us-east-1' };

function user(...bindings: Binding[]): Principal {
  return { kind: 'user', accountId: scope.accountId, userName: 'somebody', accessKeyId: 'AKIA', bindings };
}

const whole = (role: Binding['role']): Binding => ({ role, tagLimits: [] });
const web: Binding = { role: 'operator', tagLimits: [{ key: 'PatchGroup', values: ['web', 'cache'] }] };
const webInProduction: Binding = {
  role: 'operator',
  tagLimits: [...web.tagLimits, { key: 'Stage', values: ['production'] }],
};
const development: Binding = { role: 'administrator', tagLimits: [{ key: 'Stage', values: ['development'] }] };
const node: Principal = { kind: 'node', ...scope, instanceId: 'mi-1' };
const anonymous: Principal = { kind: 'anonymous' };
const itself = nodeResource(scope, 'mi-1');
const another = nodeResource(scope, 'mi-2');
const tagged = (tags: Readonly<Record<string, string>>): Resource => ({ ...itself, tags });

describe('authorize', () => {
  it.each([
    [
      'an administrator may create baselines',
      user(whole('administrator')),
      'ssm:CreatePatchBaseline',
      anyResource,
      true,
    ],
    ['an administrator may not speak as a node', user(whole('administrator')), 'patchbay:SubmitFacts', itself, false],
    ['nobody may do what nobody decided on', user(whole('administrator')), 'ssm:PutResourcePolicy', anyResource, false],
    ['an operator may send commands', user(whole('operator')), 'ssm:SendCommand', anyResource, true],
    ['an operator may not run scripts', user(whole('operator')), 'patchbay:RunScripts', anyResource, false],
    ['an auditor may read verdicts', user(whole('auditor')), 'patchbay:GetNodeVerdict', itself, true],
    ['an auditor may not send commands', user(whole('auditor')), 'ssm:SendCommand', anyResource, false],
    ['a person without a role may do nothing', user(), 'ssm:ListCommands', anyResource, false],
    ['a role that nobody defined does nothing', user(whole('x' as 'auditor')), 'ssm:ListCommands', anyResource, false],
    ['roles add up', user(whole('auditor'), web), 'ssm:SendCommand', anyResource, true],
    [
      'a limit lets through what carries the tag',
      user(web),
      'patchbay:GetNodeVerdict',
      tagged({ PatchGroup: 'web' }),
      true,
    ],
    ['any value of the limit will do', user(web), 'patchbay:GetNodeVerdict', tagged({ PatchGroup: 'cache' }), true],
    [
      'a limit stops what carries another value',
      user(web),
      'patchbay:GetNodeVerdict',
      tagged({ PatchGroup: 'db' }),
      false,
    ],
    ['a limit stops what has no tags', user(web), 'patchbay:GetNodeVerdict', itself, false],
    [
      'a limit says nothing about what comes with Patchbay',
      user(web),
      'imagebuilder:GetComponent',
      { ...anyResource, isEverybodys: true },
      true,
    ],
    [
      'what comes with Patchbay is still only for who may read such things',
      user(),
      'imagebuilder:GetComponent',
      { ...anyResource, isEverybodys: true },
      false,
    ],
    ['a limit compares names exactly', user(web), 'patchbay:GetNodeVerdict', tagged({ patchgroup: 'web' }), false],
    [
      'a limit on an inherited name stops',
      user({ role: 'operator', tagLimits: [{ key: 'constructor', values: [''] }] }),
      'patchbay:GetNodeVerdict',
      itself,
      false,
    ],
    [
      'all limits have to be met',
      user(webInProduction),
      'patchbay:GetNodeVerdict',
      tagged({ PatchGroup: 'web' }),
      false,
    ],
    ['a role without limits wins', user(web, whole('auditor')), 'patchbay:GetNodeVerdict', itself, true],
    [
      'a limited role does nothing to the account at large',
      user(development),
      'ssm:CreatePatchBaseline',
      anyResource,
      false,
    ],
    [
      'a limited role does not hand out tags',
      user(development),
      'ssm:AddTagsToResource',
      tagged({ Stage: 'development' }),
      false,
    ],
    ['what everybody shares is not limited', user(web), 'ssm:GetPatchBaseline', anyResource, true],
    [
      'an administrator of one account has no say over another',
      user(whole('administrator')),
      'patchbay:CreateUser',
      { ...anyResource, accountId: '210987654321' },
      false,
    ],
    ['a node may fetch its own messages', node, 'ec2messages:GetMessages', itself, true],
    ['a node may not fetch those of another', node, 'ec2messages:GetMessages', another, false],
    ['a node may not send commands', node, 'ssm:SendCommand', anyResource, false],
    ['a node may not read the verdict of itself as a person would', node, 'patchbay:GetNodeVerdict', itself, false],
    ['nobody in particular may register a node', anonymous, 'ssm:RegisterManagedInstance', anyResource, true],
    ['nobody in particular may do nothing else', anonymous, 'ssm:ListCommands', anyResource, false],
  ] as const)('%s', (_title, principal, permission, resource, expected) => {
    expect(authorize(principal, permission, resource)).toBe(expected);
  });
});

describe('mayEver', () => {
  it('knows without a resource what a limited role can never do, and what it might', () => {
    expect(mayEver(user(web), 'patchbay:GetNodeVerdict')).toBe(true);
    expect(mayEver(user(web), 'ssm:CreatePatchBaseline')).toBe(false);
    expect(mayEver(user(development), 'ssm:CreatePatchBaseline')).toBe(false);
  });
});

describe('reachOf', () => {
  const reaches = (reach: Reach, tags: Record<string, string>) => isWithinReach(tags, reach);

  it('is everything for a role without limits, nothing without a role', () => {
    expect(reachOf(user(whole('operator'), web), 'ssm:SendCommand')).toEqual([]);
    expect(reaches(reachOf(user(), 'ssm:SendCommand'), { PatchGroup: 'web' })).toBe(false);
    expect(reaches(reachOf(user(whole('auditor')), 'ssm:SendCommand'), {})).toBe(false);
  });

  it('adds up what several roles reach', () => {
    const reach = reachOf(user(web, development), 'ssm:SendCommand');
    expect(reaches(reach, { PatchGroup: 'web' })).toBe(true);
    expect(reaches(reach, { Stage: 'development' })).toBe(true);
    expect(reaches(reach, { PatchGroup: 'db', Stage: 'production' })).toBe(false);
  });

  it('is cut down by every further permission that a call takes', () => {
    const principal = user(web, development);
    const reach = ['ssm:SendCommand', 'patchbay:RunScripts'].flatMap((each) => reachOf(principal, each));
    expect(reaches(reach, { PatchGroup: 'web', Stage: 'development' })).toBe(true);
    expect(reaches(reach, { PatchGroup: 'web' })).toBe(false);
  });
});
