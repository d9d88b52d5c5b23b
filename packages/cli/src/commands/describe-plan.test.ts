import type { PatchPlanNode } from '@patchbay/contracts';
import { describe, expect, it } from 'vitest';
import { exitStatusOf } from './apply.ts';
import { describeApplied, describeNode, describePlan, formatBytes, isWhole } from './describe-plan.ts';
import { readTarget } from './plan.ts';

const change = {
  name: 'openssl',
  architecture: 'amd64',
  action: 'upgrade' as const,
  fromVersion: '3.0.1',
  toVersion: '3.0.2',
  origins: 'Debian-Security',
  filename: 'pool/openssl.deb',
  sizeBytes: 1_234_567,
  sha256: 'a',
  archive: 'http://archive.test bookworm-security main amd64',
  indexDigest: '',
  group: 0,
  why: 'Approved by rule 1.',
  approvedBy: 'rule 1',
  approvedSince: null,
  classification: 'Security',
  complianceLevel: null,
  section: 'libs',
  priority: 'optional',
};
const ready: PatchPlanNode = {
  instanceId: 'mi-00000000000000001',
  name: 'web-1',
  status: 'ready',
  detail: '',
  plannedAt: '2026-11-20T12:00:00.000Z',
  operationId: 'operation',
  baselineId: 'pb-0',
  baselineRevision: 1,
  nodePlanId: 'plan',
  digest: 'sha256:0',
  changes: [change],
  leftOut: [
    {
      name: 'curl',
      architecture: 'amd64',
      installedVersion: '1',
      version: '2',
      state: 'waiting',
      why: 'It waits.',
      approvedFrom: '2026-11-27T00:00:00.000Z',
    },
  ],
  unknownReasons: [],
  downloadBytes: 1_234_567,
  diskBytes: -10,
  reboot: { isExpected: true, reasons: ['libc6 2 replaces the C library.'] },
  applied: null,
};
const offline: PatchPlanNode = {
  ...ready,
  instanceId: 'mi-00000000000000002',
  name: '',
  status: 'offline',
  detail: 'Its agent is not connected.',
  changes: [],
  leftOut: [],
};
const plan = {
  planId: '00000000-0000-4000-8000-000000000000',
  createdAt: '2026-11-20T12:00:00.000Z',
  expiresAt: '2026-11-27T12:00:00.000Z',
  createdBy: 'arn:aws:iam::000000000000:user/someone',
  windowId: null,
  targets: [],
  commandId: 'command',
  nodes: { ready: 1, waiting: 0, offline: 1, failed: 0 },
};

const appliedOnce = {
  operationId: 'o',
  commandId: 'c',
  startedAt: plan.createdAt,
  endedAt: plan.createdAt,
  status: 'non-compliant',
  outcomes: [{ targets: [], status: 'installed' as const, reason: '' }],
};

describe('a plan in words', () => {
  it('says of a node what would change and why, what stays and why, and whether it reboots', () => {
    expect(describeNode(ready)).toEqual([
      'mi-00000000000000001 (web-1): 1 change in 1 group, 1.2 MB to fetch, 10 B of disk freed, a reboot',
      '  upgrade, security  openssl.amd64  3.0.1 -> 3.0.2  1.2 MB  Approved by rule 1. From http://archive.test bookworm-security main amd64.',
      '  stays as it is:',
      '  waiting  curl.amd64  1 (not 2)  It waits. It will be approved at 2026-11-27T00:00:00.000Z.',
      '  reboot: expected: libc6 2 replaces the C library.',
    ]);
  });

  it('names the nodes that did not answer, and how to carry it out', () => {
    const lines = describePlan({ plan, nodes: [ready, offline] });
    expect(lines).toContain('mi-00000000000000002: offline. Its agent is not connected.');
    expect(lines.at(-1)).toContain(`patchbay apply ${plan.planId}`);
    expect(isWhole({ plan, nodes: [ready, offline] })).toBe(false);
    expect(isWhole({ plan, nodes: [ready] })).toBe(true);
  });

  it('tells what was stopped', () => {
    const outcomes = [
      {
        targets: [{ name: 'curl', architecture: 'amd64', version: '2' }],
        status: 'skipped' as const,
        reason: 'It moved.',
      },
    ];
    expect(describeApplied({ ...ready, applied: { ...appliedOnce, outcomes } })).toEqual([
      'mi-00000000000000001 (web-1): non-compliant',
      '  stopped: curl 2: It moved.',
    ]);
  });
});

describe('the exit status of patchbay apply', () => {
  const invocation = (Status: string) => ({ InstanceId: 'mi-of-the-command', Status });
  const sent = { ...ready, instanceId: 'mi-of-the-command' };
  const stopped = { targets: [], status: 'skipped' as const, reason: 'It moved.' };

  it.each<[string, 0 | 1, PatchPlanNode[]]>([
    ['no node was left out', 0, []],
    ['a node that was left out has nothing to change', 0, [{ ...ready, changes: [] }]],
    ['the plan was carried out there before', 0, [{ ...ready, applied: appliedOnce }]],
    ['a node that was left out is not ready', 1, [offline]],
    ['a node that was left out is gone, with its changes', 1, [ready]],
    ['something was stopped there before', 1, [{ ...ready, applied: { ...appliedOnce, outcomes: [stopped] } }]],
    [
      'it is still being carried out there',
      1,
      [{ ...ready, applied: { ...appliedOnce, endedAt: null, outcomes: [] } }],
    ],
    [
      'it was begun there before and given up',
      1,
      [{ ...ready, applied: { ...appliedOnce, status: 'abandoned', outcomes: [] } }],
    ],
  ])('is, where %s, %d', (_case, status, others) => {
    expect(exitStatusOf([invocation('Success')], [sent, ...others])).toBe(status);
    expect(exitStatusOf([invocation('Failed')], [{ ...sent, applied: appliedOnce }, ...others])).toBe(1);
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [123_456_789, '123 MB'],
    [-2000, '-2.0 kB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('--targets', () => {
  it('is read as the aws CLI reads it', () => {
    expect(readTarget('Key=tag:PatchGroup,Values=web,db')).toEqual({ key: 'tag:PatchGroup', values: ['web', 'db'] });
  });

  it.each(['tag:PatchGroup=web', 'Key=tag:x,Values=', 'Key=,Values=a'])('is not %s', (text) => {
    expect(() => readTarget(text)).toThrow(/is not of the form/);
  });
});
