import { chmod, cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { type ImageStore, openRegistryClient, parseReference, type StoredImage } from '@patchbay/agent';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTool } from '../support/run-tool.ts';
import { growArchives, hardCases } from '../support/test-packages.ts';
import { baseConfig, type ImageStage, listMounts, listWork, openImageStage } from './image-stage.ts';

const cases = [hardCases.epoch, hardCases.delayed];

let stage: ImageStage;
let store: ImageStore;
let base: StoredImage;
let victim: string;
/** A service of the host that nobody allowed. */
let listener: Server;
let callers = 0;

beforeAll(async () => {
  stage = await openImageStage(cases);
  store = stage.openStore();
  base = await stage.publish('base:1', store);
  victim = join(stage.folder, 'victim');
  await mkdir(join(victim, 'directory'), { recursive: true });
  await writeFile(join(victim, 'file'), 'untouched\n');
  await growArchives(stage.stage.archives.archives, cases);
  listener = createServer((socket) => {
    callers += 1;
    socket.end();
  });
  await new Promise<void>((resolve) => {
    listener.listen(0, '127.0.0.1', resolve);
  });
});

afterAll(async () => {
  listener?.close();
  await stage?.close();
});

interface Manifest {
  readonly digest: string;
  readonly layers: readonly { digest: string; size: number; mediaType: string }[];
  readonly annotations: Record<string, string>;
  readonly config: Record<string, unknown>;
}

async function readImage(image: string): Promise<Manifest> {
  const reference = parseReference(stage.nameOf(image));
  const client = openRegistryClient(reference, { authFile: null });
  const found = await client.getManifest(reference.tag ?? 'latest');
  if (found === null) throw new Error(`There is no ${image}`);
  const manifest = JSON.parse(Buffer.from(found.bytes).toString('utf8'));
  const config = await client.getBlob(manifest.config.digest);
  return {
    digest: found.digest,
    layers: manifest.layers,
    annotations: manifest.annotations ?? {},
    config: JSON.parse(Buffer.from(config ?? []).toString('utf8')),
  };
}

const patchedNames = ['pb-delayed', 'pb-epoch', 'pb-undated'];

describe('patchbay image', () => {
  it('scan says what is missing in an image of a registry', async () => {
    const { exitCode, output } = await stage.run(['scan', stage.nameOf('base:1'), '--output', 'json']);
    expect(exitCode).toBe(1);
    const report = JSON.parse(output);
    expect(report.image).toMatchObject({ name: stage.nameOf('base:1'), digest: (await readImage('base:1')).digest });
    expect(report.machine.root).toBeNull();
    const missing = report.verdict.items.filter((item: { state: string }) => item.state === 'missing');
    expect(missing.map(({ name }: { name: string }) => name).sort()).toEqual(patchedNames);
    expect(missing[0].evidence.offered[0].archives[0]).toContain('127.0.0.1');
  });

  it('scan of one that is here, with lists that are here, reads nothing anew', async () => {
    const { exitCode, output } = await stage.run(['scan', stage.nameOf('base:1'), '--no-refresh']);
    expect(exitCode).toBe(1);
    expect(output).toContain(`${stage.nameOf('base:1')}: Debian GNU/Linux 12`);
  });

  it('patch --plan shows the plan, and changes nothing', async () => {
    const { exitCode, output } = await stage.run(['patch', stage.nameOf('base:1'), '--plan']);
    expect(exitCode).toBe(1);
    for (const name of patchedNames) expect(output).toContain(`upgrade ${name}.`);
    expect(output).toContain('Nothing was changed.');
    const client = openRegistryClient(parseReference(stage.nameOf('base')), { authFile: null });
    expect(await client.listTags()).toEqual(['1']);
    expect(await listWork(stage.folder)).toEqual([]);
    expect(await listMounts(stage.folder)).toEqual([]);
  });

  it('patch adds exactly the approved patches as one layer, and keeps everything else', async () => {
    const { exitCode, output } = await stage.run([
      'patch',
      stage.nameOf('base:1'),
      '--push',
      stage.nameOf('base:patched'),
    ]);
    expect(output).toContain('Verdict after: COMPLIANT');
    expect(exitCode).toBe(0);
    const [base, patched] = [await readImage('base:1'), await readImage('base:patched')];
    expect(patched.layers.slice(0, -1)).toEqual(base.layers);
    expect(patched.layers).toHaveLength(base.layers.length + 1);
    expect(patched.layers.at(-1)?.size).toBeLessThan(300_000);
    expect(patched.config['config']).toEqual(baseConfig);
    expect(patched.config['architecture']).toBe(base.config['architecture']);
    expect(patched.annotations).toMatchObject({
      'org.opencontainers.image.base.digest': base.digest,
      'org.opencontainers.image.base.name': stage.nameOf('base:1'),
      'patchbay.version': expect.stringMatching(/^\d+\.\d+/),
    });
    expect(output).toContain(patched.digest);
    expect(await listWork(stage.folder)).toEqual([]);
    expect(await listMounts(stage.folder)).toEqual([]);
  });

  it('leaves nothing of the machine that did it in the layer', async () => {
    const client = openRegistryClient(parseReference(stage.nameOf('base')), { authFile: null });
    const layer = (await readImage('base:patched')).layers.at(-1);
    const file = join(stage.folder, 'layer.tar.gz');
    await writeFile(file, (await client.getBlob(layer?.digest ?? '')) ?? '');
    const names = (await runTool(['tar', '--list', '--gzip', '--file', file]))
      .split('\n')
      .filter((name) => name !== '');
    expect(names).toContain('var/lib/dpkg/status');
    const files = names.filter((name) => !name.endsWith('/'));
    const unexpected = files.filter(
      (name) =>
        !/^(var\/lib\/dpkg\/(status$|info\/pb-|updates|triggers)|usr\/share\/(doc\/)?pb-|var\/lib\/apt\/extended_states$|etc\/ld.so.cache$|var\/cache\/debconf\/[a-z]+\.dat$)/.test(
          name,
        ),
    );
    expect(unexpected).toEqual([]);
  });

  it('the same inputs give the same digest, in another store and at another time', async () => {
    const words = ['patch', stage.nameOf('base:1'), '--push', stage.nameOf('other/name:2'), '--output', 'json'];
    const { exitCode, output } = await stage.run(words, 'fresh');
    expect(exitCode).toBe(0);
    const { digest } = await readImage('base:patched');
    expect((await readImage('other/name:2')).digest).toBe(digest);
    const report = JSON.parse(output.slice(output.indexOf('\n{') + 1));
    expect(report.result).toMatchObject({ digest, name: stage.nameOf('other/name:2') });
    expect(report.changes).toHaveLength(3);
  });

  it('an image is pulled whose lower layers are here already', async () => {
    const other = stage.openStore('layers');
    await other.pull(await other.readSource(stage.nameOf('base:1')));
    const patched = await other.pull(await other.readSource(stage.nameOf('base:patched')));
    expect(patched.digest).toBe((await readImage('base:patched')).digest);
  });

  it('an image that was patched is compliant in a new scan, and patched again it stays as it is', async () => {
    const scan = await stage.run(['scan', stage.nameOf('base:patched')], 'fresh');
    expect([scan.exitCode, scan.output]).toEqual([0, expect.stringContaining('Verdict: COMPLIANT')]);
    const again = await stage.run(['patch', stage.nameOf('base:patched'), '--push', stage.nameOf('base:again')]);
    expect(again.output).toContain('Pushed as it is');
    expect((await readImage('base:again')).digest).toBe((await readImage('base:patched')).digest);
  });
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

/** Each program of the package manager calls the host's service before it does its work. */
async function letProgramsCall(root: string): Promise<void> {
  const { port } = listener.address() as AddressInfo;
  for (const program of ['apt-get', 'apt-cache', 'apt-config', 'apt-mark', 'dpkg', 'dpkg-query']) {
    const path = join(root, 'usr/bin', program);
    await rename(path, `${path}.real`);
    const call = `(exec 3<>/dev/tcp/127.0.0.1/${port}) 2>/dev/null`;
    await writeFile(path, `#!/bin/bash\n${call}\nexec "$0.real" "$@"\n`, { mode: 0o755 });
  }
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
    expect([exitCode, output]).toEqual([0, expect.stringContaining('Verdict after: COMPLIANT')]);
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

  it('calls nobody by its programs, whenever they are run', async () => {
    const directory: Awaited<ReturnType<ImageStage['run']>>[] = [];
    await publishHostile('hostile:caller', async (root) => {
      await letProgramsCall(root);
      directory.push(await stage.run(['scan', root]));
    });
    const source = stage.nameOf('hostile:caller');
    const scan = await stage.run(['scan', source]);
    const plan = await stage.run(['patch', source, '--plan']);
    const patch = await stage.run(['patch', source, '--push', stage.nameOf('hostile:called')]);
    expect([...directory, scan, plan, patch].map(({ exitCode }) => exitCode)).toEqual([1, 1, 1, 0]);
    expect(patch.output).toContain('Verdict after: COMPLIANT');
    expect(callers).toBe(0);
  });

  it('does not get to the host or its cloud by sources that name them, and is told once what was kept out', async () => {
    const { port } = listener.address() as AddressInfo;
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`, '169.254.169.254'];
    await publishHostile('hostile:sources', async (root) => {
      const lines = hosts.map((host) => `deb [trusted=yes] http://${host}/debian bookworm main\n`);
      await writeFile(join(root, 'etc/apt/sources.list.d/metadata.list'), lines.join(''));
    });
    const source = stage.nameOf('hostile:sources');
    const scan = await stage.run(['scan', source]);
    const patch = await stage.run(['patch', source, '--push', stage.nameOf('hostile:never')]);
    for (const { exitCode, output } of [scan, patch]) {
      expect([exitCode, output]).toEqual([2, expect.stringContaining(`http://127.0.0.1:${port}/debian`)]);
      const kept = output.split('\n').filter((line) => line.startsWith('Kept from'));
      expect(kept.sort()).toEqual(
        [`127.0.0.1:${port}`, '169.254.169.254:80', `localhost:${port}`].map(
          (host) => `Kept from ${host}: --allow-host does not name it`,
        ),
      );
    }
    expect(callers).toBe(0);
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
