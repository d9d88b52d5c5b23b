import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseBaselineFile } from '@patchbay/patching';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PatchRootRequest, patchRoot } from '../../packages/agent/src/local-control-plane/index.ts';
import { growArchives, hardCases } from '../support/test-packages.ts';
import { openPatcherStage, type PatcherStage } from './patcher-stage.ts';

const cases = [hardCases.epoch, hardCases.delayed, hardCases.failingScript, hardCases.needsRemoval];
const everything = parseBaselineFile({
  Name: 'everything',
  OperatingSystem: 'DEBIAN',
  ApprovalRules: {
    PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 0, EnableNonSecurity: true }],
  },
});

let stage: PatcherStage;
const lines: string[] = [];

beforeAll(async () => {
  stage = await openPatcherStage(cases);
  await growArchives(stage.archives.archives, cases);
});

afterAll(async () => {
  await stage?.close();
});

function patch(mode: 'plan' | 'install', more: Partial<PatchRootRequest> = {}) {
  return patchRoot({
    root: stage.root.directory,
    workDirectory: join(stage.folder, 'local'),
    baseline: everything,
    mode,
    now: () => new Date(),
    report: (line) => lines.push(line),
    ...more,
  });
}

const namesOf = (packages: readonly { readonly name: string }[]) => packages.map(({ name }) => name).sort();

describe('patching a root without a control plane', () => {
  it('plans what an install would do, and changes nothing', async () => {
    const before = await stage.listRoot();
    const { plan, changes, verdictBefore, verdictAfter, refused } = await patch('plan');
    expect(namesOf(plan?.groups.flatMap(({ targets }) => targets) ?? [])).toEqual([
      'pb-delayed',
      'pb-epoch',
      'pb-failing',
      'pb-independent',
      'pb-undated',
    ]);
    expect(changes).toEqual([]);
    expect([verdictBefore.status, verdictAfter.status]).toEqual(['non-compliant', 'non-compliant']);
    expect(refused).toMatchObject([{ name: 'pb-remover', reason: 'needs-removal' }]);
    expect(await stage.listRoot()).toBe(before);
  });

  it('brings in what is included and not excluded, and says of the rest why it is left alone', async () => {
    const { changes, unplannedChanges, leftAlone, outcomes, complaints } = await patch('install', {
      include: ['pb-e*', 'pb-undated'],
      exclude: ['pb-undated'],
    });
    expect(namesOf(changes)).toEqual(['pb-epoch']);
    expect(unplannedChanges).toEqual([]);
    expect(outcomes).toMatchObject([{ status: 'installed' }]);
    expect(leftAlone).toContainEqual(expect.objectContaining({ name: 'pb-undated', reason: 'It is excluded.' }));
    expect(leftAlone).toContainEqual(
      expect.objectContaining({ name: 'pb-independent', reason: expect.stringContaining('not among') }),
    );
    expect(complaints).toEqual([]);
  });

  it('brings in the rest, and the verdict afterwards knows what failed', async () => {
    const { changes, verdictAfter, outcomes, complaints, plan } = await patch('install');
    expect(namesOf(changes)).toEqual(expect.arrayContaining(['pb-independent', 'pb-undated']));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['failed', 'installed', 'installed', 'installed']);
    expect(complaints).toEqual([expect.stringMatching(/^1 of 4 groups did not go in/)]);
    expect(plan?.groups).toHaveLength(4);
    const states = new Map(verdictAfter.items.map(({ name, state }) => [name, state]));
    expect([states.get('pb-failing'), states.get('pb-remover'), states.get('pb-undated')]).toEqual([
      'failed',
      'needs-removal',
      'installed',
    ]);
    expect((await stage.root.run(['dpkg-query', '-W', 'pb-undated'])).stdout).toContain(
      verdictAfter.items.find(({ name }) => name === 'pb-undated')?.installedVersion,
    );
  });

  it('under another baseline leaves everything as it is', async () => {
    const { plan, changes, verdictAfter } = await patch('install', {
      baseline: { ...everything, operatingSystem: 'UBUNTU' },
    });
    expect([plan, changes, verdictAfter.status]).toEqual([null, [], 'unknown']);
    expect(verdictAfter.unknownReasons).toMatchObject([{ code: 'operating-system' }]);
  });

  it('ends when it is cancelled, and keeps nobody else from working', async () => {
    const controller = new AbortController();
    const report = () => controller.abort();
    await expect(patch('install', { report, signal: controller.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    const left = await readdir(join(stage.folder, 'local'));
    expect([left.includes('lock'), left.includes('runs')]).toEqual([false, false]);
    await expect(patch('plan', { baseline: join(stage.folder, 'none.json') })).rejects.toMatchObject({
      code: 'BASELINE_UNREADABLE',
    });
  });
});
