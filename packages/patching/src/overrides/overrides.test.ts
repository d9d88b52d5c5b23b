import type { VerdictItem } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { predefinedBaselineFor } from '../baselines/predefined-baselines.ts';
import { parseBaselineOverride, selectOverride } from './baseline-override.ts';
import { baselineOfInstallList, limitToInstallList, parseInstallList } from './install-list.ts';

function missing(name: string, offered: readonly string[]): VerdictItem {
  return {
    name,
    architecture: 'amd64',
    installedVersion: '1',
    state: 'missing',
    installedState: 'installed',
    targetVersion: offered[0] ?? null,
    reason: '',
    complianceLevel: 'UNSPECIFIED',
    classification: '',
    section: '',
    priority: '',
    evidence: {
      candidate: null,
      offered: offered.map((version) => ({ version, archives: [], security: false })),
      approvedBy: null,
      clock: null,
      notes: [],
    },
  };
}

describe('an install override list', () => {
  it('is read as AWS documents it, with members that it does not know passed over', () => {
    const list = parseInstallList({ patches: [{ id: 'bind*.x86_64', title: '*32:9.8.2-0.*', colour: 'red' }] });
    expect(list).toEqual({ patches: [{ id: 'bind*.x86_64', title: '*32:9.8.2-0.*' }] });
  });

  it.each([null, [], {}, { patches: [] }, { patches: [{ title: 'x' }] }, { patches: 'bash' }])(
    'of another form is refused with words: %j',
    (content) => {
      expect(() => parseInstallList(content)).toThrow(/must have the form/);
    },
  );

  it('approves exactly its packages, whatever the baseline approves or rejects', () => {
    const registered = { ...predefinedBaselineFor('DEBIAN'), rejectedPatches: ['openssl'] };
    const baseline = baselineOfInstallList(registered, { patches: [{ id: 'openssl.amd64' }, { id: 'lib*.amd64' }] });
    expect(baseline).toMatchObject({
      baselineId: registered.baselineId,
      approvalRules: { patchRules: [] },
      approvedPatches: ['openssl.amd64', 'lib*.amd64'],
      approvedPatchesEnableNonSecurity: true,
      rejectedPatches: [],
    });
  });

  it.each<[string, { id: string; title?: string }, string | null]>([
    ['no title: the newest', { id: 'openssl.amd64' }, '3'],
    ['a name alone: any architecture', { id: 'openssl' }, '3'],
    ['the title of the newest', { id: 'openssl.amd64', title: 'openssl.amd64:3' }, '3'],
    ['the title of an older one', { id: 'openssl.amd64', title: '*:2' }, '2'],
    ['a title that nothing offers', { id: 'openssl.amd64', title: '*:9' }, null],
    ['the title of another package', { id: 'openssl.amd64', title: 'bash*' }, null],
  ])('brings in, with %s', (_title, entry, version) => {
    const verdict = { items: [missing('openssl', ['3', '2'])] };
    const [item] = limitToInstallList(verdict, { patches: [entry] }).items;
    expect([item?.targetVersion, item?.state]).toEqual([version, version === null ? 'excluded' : 'missing']);
  });
});

describe('a baseline override', () => {
  const debian = { Name: 'Mine', OperatingSystem: 'DEBIAN', ApprovedPatches: ['bash'] };
  const ubuntu = { ...debian, OperatingSystem: 'UBUNTU' };

  it('is the one baseline for the operating system of the node', () => {
    const baselines = parseBaselineOverride([debian, ubuntu]);
    expect(selectOverride(baselines, 'UBUNTU')).toMatchObject({ operatingSystem: 'UBUNTU', approvedPatches: ['bash'] });
  });

  it.each([
    [[debian], 'UBUNTU', 0],
    [[debian, debian], 'DEBIAN', 2],
  ] as const)('with none or several for it is an error', (content, operatingSystem, count) => {
    expect(() => selectOverride(parseBaselineOverride(content), operatingSystem)).toThrow(`it has ${count}.`);
  });

  it.each([
    [debian, /must be a JSON array/],
    [[], /at least one/],
    [[{ ...debian, Name: 'x' }], /Baseline 1 of the override: .*Name/],
    [[debian, { ...debian, RejectedPatch: ['x'] }], /Baseline 2 of the override: .*RejectedPatch/],
  ])('of another form is refused with words', (content, message) => {
    expect(() => parseBaselineOverride(content)).toThrow(message);
  });
});
