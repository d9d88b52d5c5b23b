import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PatchedRoot, startPatchedRoot } from './patched-root.ts';

const patch = 'AWS-RunPatchBaseline';
const names = ['pb-listed', 'pb-needed', 'pb-rejected', 'pb-titled', 'pb-other'] as const;
const installed = names.map((name) => ({ name, version: '1.0-1' }));
const fixes = [
  { name: 'pb-listed', version: '1.0-1+deb12u1', depends: 'pb-needed (>= 1.0-1+deb12u1)' },
  { name: 'pb-needed', version: '1.0-1+deb12u1' },
  { name: 'pb-rejected', version: '1.0-1+deb12u1' },
  { name: 'pb-titled', version: '1.0-1+deb12u1' },
  { name: 'pb-titled', version: '1.0-1+deb12u2' },
  { name: 'pb-other', version: '1.0-1+deb12u1' },
];
const before = names.map((name) => `${name} 1.0-1`).sort();

/** The packages as they were, with some at the versions that the changes name. */
function changed(changes: readonly string[]): string[] {
  const isChanged = (name: string | undefined) => changes.some((change) => change.startsWith(`${name} `));
  return [...before.filter((each) => !isChanged(each.split(' ')[0])), ...changes].sort();
}

describe('overrides on a real root, judged by its own apt', () => {
  let node: PatchedRoot;
  beforeEach(async () => {
    node = await startPatchedRoot({ installed, fixes, baseline: { RejectedPatches: ['pb-rejected'] } });
  });
  afterEach(() => node?.close());

  it('an Install with a list brings in what it names with what that needs, rejected or not, and nothing else', async () => {
    node.putOverride(
      'urgent.yaml',
      [
        'patches:',
        "  - id: 'pb-list*.all'",
        '  - id: pb-rejected.all',
        "  - id: 'pb-titled.all'",
        "    title: 'pb-titled.all:1.0-1+deb12u1'",
        '  - id: pb-absent.all',
        '',
      ].join('\n'),
    );
    const InstallOverrideList = 'patchbay-override:urgent.yaml';
    const wanted = await node.askApt('install', 'pb-listed', 'pb-rejected=1.0-1+deb12u1', 'pb-titled=1.0-1+deb12u1');
    expect(wanted).toEqual([
      'pb-listed 1.0-1+deb12u1',
      'pb-needed 1.0-1+deb12u1',
      'pb-rejected 1.0-1+deb12u1',
      'pb-titled 1.0-1+deb12u1',
    ]);

    const scan = await node.run(patch, { Operation: 'Scan', InstallOverrideList });
    expect(scan.status).toBe('Success');
    expect(await node.readHistory(scan.commandId)).toEqual(['Scan: 4 missing']);
    expect(await node.readPackages()).toEqual(before);

    const install = await node.run(patch, { Operation: 'Install', InstallOverrideList });
    expect(install.status).toBe('Success');
    expect(await node.readPackages()).toEqual(changed(wanted));
    expect(await node.askApt('upgrade')).toEqual(['pb-other 1.0-1+deb12u1', 'pb-titled 1.0-1+deb12u2']);
    // What is compliant is still said by the baseline.
    expect(await node.readMissing(install.commandId)).toEqual(['pb-other 1.0-1+deb12u1', 'pb-titled 1.0-1+deb12u2']);
    expect(await node.readState()).toMatchObject({ Operation: 'Install', InstallOverrideList, MissingCount: 2 });
  });

  it('a baseline of the moment judges and installs for one run, and the node stays judged by its own', async () => {
    const plain = await node.run(patch, { Operation: 'Scan' });
    expect(await node.readHistory(plain.commandId)).toEqual(['Scan: 4 missing']);
    node.putOverride(
      'only-other.json',
      JSON.stringify([
        {
          Name: 'only-other',
          OperatingSystem: 'DEBIAN',
          ApprovedPatches: ['pb-other'],
          ApprovedPatchesEnableNonSecurity: true,
        },
      ]),
    );
    const BaselineOverride = 'patchbay-override:only-other.json';
    const scan = await node.run(patch, { Operation: 'Scan', BaselineOverride });
    expect(scan.status).toBe('Success');
    expect(await node.readMissing(scan.commandId)).toEqual(['pb-other 1.0-1+deb12u1']);
    expect(await node.readState()).toMatchObject({ Operation: 'Scan', MissingCount: 4 });

    const wanted = await node.askApt('install', 'pb-other');
    const install = await node.run(patch, { Operation: 'Install', BaselineOverride });
    expect(install.status).toBe('Success');
    expect(await node.readHistory(install.commandId)).toEqual(['Install: 0 missing']);
    expect(await node.readPackages()).toEqual(changed(wanted));

    const after = await node.run(patch, { Operation: 'Scan' });
    expect(await node.readMissing(after.commandId)).toEqual([
      'pb-listed 1.0-1+deb12u1',
      'pb-needed 1.0-1+deb12u1',
      'pb-titled 1.0-1+deb12u2',
    ]);
  });
});
