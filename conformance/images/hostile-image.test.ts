import { chmod, cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ImageStore, openRegistryClient, parseReference, type StoredImage } from '@patchbay/agent';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '../support/run-tool.ts';
import { growArchives, hardCases } from '../support/test-packages.ts';
import { type ImageStage, openImageStage } from './image-stage.ts';

const cases = [hardCases.epoch];

let stage: ImageStage;
let store: ImageStore;
let base: StoredImage;
let victim: string;

beforeAll(async () => {
  stage = await openImageStage(cases);
  store = stage.openStore();
  base = await stage.publish('base:1', store);
  await growArchives(stage.stage.archives.archives, cases);
  victim = join(stage.folder, 'victim');
  await mkdir(join(victim, 'directory'), { recursive: true });
  await writeFile(join(victim, 'file'), 'untouched\n');
});

afterAll(async () => {
  await stage?.close();
});

/** The base image with one layer more, made by whoever wants to do harm. */
async function publishHostile(image: string, spoil: (root: string) => Promise<void>): Promise<void> {
  const container = await store.createContainer(base);
  try {
    await spoil(container.rootDirectory);
    const made = await container.commit({ timestamp: new Date('2026-02-01T00:00:00Z'), leavesOut: () => false });
    await store.push(made, parseReference(stage.nameOf(image)));
  } finally {
    await container.remove();
  }
}

async function replaceByLink(root: string, path: string, target: string): Promise<void> {
  await rm(join(root, path), { recursive: true, force: true });
  await symlink(target, join(root, path));
}

/** All that is in a directory, with what a write would change. */
const listVictim = () => runTool(['find', victim, '-printf', '%p %y %m %s %T@ %C@\\n']);

describe('an image that was made to do harm', () => {
  it('writes nowhere outside of its root, whatever its links lead to', async () => {
    await publishHostile('hostile:links', async (root) => {
      await replaceByLink(root, 'etc/resolv.conf', join(victim, 'file'));
      await replaceByLink(root, 'usr/sbin/policy-rc.d', join(victim, 'policy'));
      await replaceByLink(root, 'var/log/apt', join(victim, 'directory'));
      await replaceByLink(root, 'var/cache/apt/archives', `../../../../../../../../..${victim}/directory`);
      await replaceByLink(root, 'var/lib/apt/lists', join(victim, 'directory'));
    });
    const before = await listVictim();
    const { exitCode, output } = await stage.run([
      'patch',
      stage.nameOf('hostile:links'),
      '--push',
      stage.nameOf('hostile:1'),
    ]);
    expect(await listVictim()).toBe(before);
    expect(await readFile(join(victim, 'file'), 'utf8')).toBe('untouched\n');
    // It may be patched or not; nothing is claimed that is not so.
    expect([0, 1, 2]).toContain(exitCode);
    expect(output.includes('Verdict after: COMPLIANT')).toBe(exitCode === 0);
  });

  it('brings device nodes and setuid programs along, and they are of no use to it', async () => {
    await publishHostile('hostile:devices', async (root) => {
      await runTool(['mknod', join(root, 'srv/memory'), 'c', '1', '1']);
      await cp('/bin/true', join(root, 'usr/local/bin/gift'));
      await chmod(join(root, 'usr/local/bin/gift'), 0o4755);
      // Run by apt, as root, each time that it reads its configuration or installs.
      await writeFile(
        join(root, 'etc/apt/apt.conf.d/99hostile'),
        'DPkg::Pre-Invoke { "cat /srv/memory >/dev/null 2>&1 && touch /srv/read-memory || true; mount -t tmpfs none /srv 2>/dev/null && touch /srv/mounted || true"; };\n',
      );
    });
    const { exitCode, output } = await stage.run([
      'patch',
      stage.nameOf('hostile:devices'),
      '--push',
      stage.nameOf('hostile:2'),
    ]);
    expect([exitCode, output]).toEqual([0, expect.stringContaining('Verdict after: COMPLIANT')]);
    const client = openRegistryClient(parseReference(stage.nameOf('hostile')), { authFile: null });
    const found = await client.getManifest('2');
    const { layers } = JSON.parse(Buffer.from(found?.bytes ?? []).toString('utf8'));
    const file = join(stage.folder, 'hostile.tar.gz');
    await writeFile(file, (await client.getBlob(layers.at(-1).digest)) ?? '');
    const names = await runTool(['tar', '--list', '--gzip', '--file', file]);
    expect(names).toContain('var/lib/dpkg/status');
    expect(names).not.toMatch(/read-memory|mounted|gift/);
  });

  it.each([
    ['status', 'var/lib/dpkg/status', 'no status file of dpkg'],
    ['release', 'etc/os-release', 'leads to no file in it'],
  ])('is refused where its %s leads outside', async (name, path, reason) => {
    await writeFile(join(victim, name), 'ID=debian\nVERSION_ID=12\n');
    await publishHostile(`hostile:${name}`, (root) =>
      replaceByLink(root, path, `../../../../../../../..${victim}/${name}`),
    );
    const source = stage.nameOf(`hostile:${name}`);
    const { exitCode, output } = await stage.run(['patch', source, '--push', stage.nameOf('hostile:never')]);
    expect([exitCode, output]).toEqual([2, expect.stringContaining(reason)]);
  });
});
