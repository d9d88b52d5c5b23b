import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  type ImageStore,
  openImageStore,
  openRegistryClient,
  ownPlatform,
  parseReference,
  type StoredImage,
} from '@patchbay/agent';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPatchbay } from '../support/patchbay-process.ts';
import { runTool, tryTool } from '../support/run-tool.ts';
import { growArchives, hardCases } from '../support/test-packages.ts';
import { startTestRegistry } from '../support/test-registry.ts';
import { type ImageStage, listMounts, listWork, openImageStage } from './image-stage.ts';

const cases = [hardCases.epoch];

let stage: ImageStage;
let store: ImageStore;
let base: StoredImage;
let tiny: StoredImage;

beforeAll(async () => {
  stage = await openImageStage(cases);
  store = stage.openStore();
  base = await stage.publish('base:1', store);
  await growArchives(stage.stage.archives.archives, cases);
  const root = join(stage.folder, 'tiny');
  await mkdir(join(root, 'etc'), { recursive: true });
  await writeFile(join(root, 'etc/os-release'), 'ID=debian\nVERSION_ID=12\n');
  const archive = join(stage.folder, 'tiny.tar');
  await runTool(['tar', '--create', '--file', archive, '--directory', root, '.']);
  tiny = await store.importRoot(archive, { platform: ownPlatform(), created: '2026-01-01T00:00:00Z', name: 'tiny' });
});

afterAll(async () => {
  await stage?.close();
});

describe('a registry that wants credentials', () => {
  const password = 'open-sesame-4711';

  it('gets them from a file, and they appear nowhere else', async () => {
    const guarded = await startTestRegistry({ user: { name: 'builder', password } });
    try {
      const reference = parseReference(`${guarded.address}/tiny:1`);
      const writeAuth = async (name: string, secret: string) => {
        const auth = Buffer.from(`builder:${secret}`).toString('base64');
        await writeFile(join(stage.folder, name), JSON.stringify({ auths: { [guarded.address]: { auth } } }));
        return join(stage.folder, name);
      };
      const directory = join(stage.folder, 'guarded');
      const lines: string[] = [];
      const open = (authFile: string | null) =>
        openImageStore({ directory, authFile, report: (line) => lines.push(line) });
      const wrong = await writeAuth('wrong.json', `not-${password}`);
      const right = await writeAuth('right.json', password);
      const source = { kind: 'root-archive', file: join(stage.folder, 'tiny.tar') } as const;
      const image = await open(null).pull(source);
      for (const authFile of [null, wrong]) {
        await expect(open(authFile).push(image, reference)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
      }
      await open(right).push(image, reference);
      expect((await open(right).pull({ kind: 'registry', reference })).digest).toBe(image.digest);
      const scan = await stage.run(['scan', `${guarded.address}/tiny:1`, '--auth-file', wrong]);
      expect([scan.exitCode, scan.output]).toEqual([2, expect.stringContaining('check the credentials')]);
      expect(scan.output + lines.join('\n')).not.toContain(password);
      const encoded = Buffer.from(`builder:${password}`).toString('base64');
      const found = await tryTool([
        'grep',
        '--recursive',
        '--files-with-matches',
        '-e',
        password,
        '-e',
        encoded,
        directory,
      ]);
      expect(found.stdout).toBe('');
    } finally {
      await guarded.close();
    }
  });

  it('is told from one that has no such image, and from one that is not there', async () => {
    const none = parseReference(stage.nameOf('nothing:1'));
    await expect(store.pull({ kind: 'registry', reference: none })).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    const away = parseReference('127.0.0.1:9/nothing:1');
    await expect(store.pull({ kind: 'registry', reference: away })).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
    });
  });
});

describe('a registry that dies in the middle of a push', () => {
  it('makes the push fail with the reason, and leaves nothing half done here', async () => {
    const dying = await startTestRegistry();
    try {
      const lines: string[] = [];
      const pushing = openImageStore({
        directory: join(stage.folder, 'store'),
        authFile: null,
        report: (line) => {
          lines.push(line);
          if (line.startsWith('Copying blob')) dying.kill();
        },
      });
      const push = pushing.push(base, parseReference(`${dying.address}/base:1`));
      await expect(push).rejects.toThrow(/refused|reset|EOF|broken|reach/);
      expect(lines.join('\n')).toContain('Copying blob');
      expect(await listWork(stage.folder)).toEqual([]);
    } finally {
      await dying.close();
    }
  });
});

describe('an artifact', () => {
  it('is attached to an image, found again, and not taken for a tag', async () => {
    const reference = parseReference(stage.nameOf('tiny:1'));
    await store.push(tiny, reference);
    const client = openRegistryClient(reference, { authFile: null });
    const subject = { digest: tiny.digest, mediaType: tiny.mediaType, size: tiny.manifestBytes };
    const put = (text: string) =>
      client.putArtifact(subject, 'application/vnd.cyclonedx+json', [
        { mediaType: 'application/vnd.cyclonedx+json', bytes: Buffer.from(text) },
      ]);
    const digests = [await put('{"one":1}'), await put('{"two":2}'), await put('{"one":1}')];
    expect(digests[2]).toBe(digests[0]);
    const found = await client.listReferrers(tiny.digest);
    expect(found.map(({ digest }) => digest).sort()).toEqual([...new Set(digests)].sort());
    expect(await client.listTags()).toEqual(['1']);
    expect(await client.headManifest('1')).toBe(tiny.digest);
    expect([await client.deleteManifest(tiny.digest), await client.deleteManifest(tiny.digest)]).toEqual([true, false]);
    expect(await client.headManifest('1')).toBeNull();
  });
});

describe('an image that cannot be used', () => {
  async function writeLayout(name: string, manifests: readonly object[], blobs: readonly object[]): Promise<string> {
    const directory = join(stage.folder, name);
    await mkdir(join(directory, 'blobs/sha256'), { recursive: true });
    await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
    for (const [index, blob] of blobs.entries()) {
      await writeFile(join(directory, 'blobs/sha256', String(index).repeat(64)), JSON.stringify(blob));
    }
    return directory;
  }
  const descriptor = (index: number) => ({ mediaType: 'x', digest: `sha256:${String(index).repeat(64)}`, size: 1 });

  it('is refused with the reason: schema 1, a missing platform, none of several named, no image at all', async () => {
    const old = await writeLayout('old', [descriptor(0)], [{ schemaVersion: 1, fsLayers: [] }]);
    const platforms = {
      schemaVersion: 2,
      manifests: [{ ...descriptor(1), platform: { os: 'linux', architecture: 's390x' } }],
    };
    const foreign = await writeLayout('foreign', [descriptor(0)], [platforms]);
    const several = await writeLayout('several', [descriptor(0), descriptor(1)], []);
    await writeFile(join(stage.folder, 'text.tar'), 'this is no archive');
    for (const [source, sentence] of [
      [old, 'schema 1'],
      [foreign, 'has no image for linux/amd64; it has linux/s390x'],
      [several, 'say which image is meant'],
      [join(stage.folder, 'text.tar'), 'is no tar archive'],
      ['oci:/nowhere', 'is no OCI image layout'],
      ['/nowhere', 'There is no file or directory'],
      ['debian:12', 'name the registry too'],
    ] as const) {
      const reading = store.readSource(source).then((read) => store.pull(read));
      await expect(reading, source).rejects.toThrow(sentence);
    }
  });

  it.each(['config', 'layers'] as const)('is refused where its %s lie at an address that it names', async (part) => {
    const { config, layers } = tiny.manifest;
    const asked: string[] = [];
    let manifest = '';
    const server = createServer(({ url = '' }, response) => {
      asked.push(url);
      if (url.includes('/manifests/')) response.setHeader('content-type', tiny.mediaType).end(manifest);
      else response.end('{}');
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    try {
      const { port } = server.address() as AddressInfo;
      const urls = [`http://127.0.0.1:${port}/latest/meta-data`];
      const elsewhere =
        part === 'config'
          ? { config: { ...config, urls }, layers }
          : { config, layers: layers.map((layer) => ({ ...layer, urls })) };
      manifest = JSON.stringify({ ...tiny.manifest, ...elsewhere });
      const { exitCode, output } = await stage.run(['scan', `127.0.0.1:${port}/tiny:1`], `elsewhere-${part}`);
      expect([exitCode, output]).toEqual([2, expect.stringContaining('lies at an address that the image names')]);
      expect(asked).not.toContain('/latest/meta-data');
    } finally {
      server.close();
    }
  });

  it('is refused by scan and patch where nothing can be judged in it', async () => {
    const { exitCode, output } = await stage.run(['scan', `oci-archive:${join(stage.folder, 'none.tar')}`]);
    expect([exitCode, output]).toEqual([2, expect.stringContaining('There is no file')]);
    await store.copyTo(tiny, { kind: 'layout', directory: join(stage.folder, 'layout'), name: 'tiny' });
    for (const words of [['scan'], ['patch', '--push', stage.nameOf('never:1')]]) {
      const [command = '', ...rest] = words;
      const refused = await stage.run([command, `oci:${join(stage.folder, 'layout')}:tiny`, ...rest]);
      expect([refused.exitCode, refused.output]).toEqual([2, expect.stringContaining('it has no status file of dpkg')]);
    }
    expect(await listWork(stage.folder)).toEqual([]);
  });
});

describe('a store', () => {
  it('forgets images that nobody used, and the blobs that only they had', async () => {
    const place = join(stage.folder, 'pruned');
    const pruned = openImageStore({ directory: place, authFile: null });
    const image = await pruned.pull({ kind: 'root-archive', file: join(stage.folder, 'tiny.tar') });
    const container = await pruned.createContainer(image);
    await container.remove();
    expect(await pruned.prune(new Date(Date.now() - 60_000))).toEqual([]);
    expect(await pruned.find(image.digest)).not.toBeNull();
    await runTool(['find', place, '-type', 'f', '-exec', 'touch', '--date=3 days ago', '{}', '+']);
    expect(await pruned.prune(new Date(Date.now() - 2 * 86_400_000))).toEqual([image.digest]);
    expect(await pruned.find(image.digest)).toBeNull();
    expect(await readdir(join(place, 'blobs/sha256'))).toEqual([]);
    expect(await readdir(join(place, 'storage/overlay-layers'))).not.toContain(expect.stringMatching(/tar-split/));
  });

  it('makes an image from nothing, and of an image of Docker’s format one of the OCI’s on the same layers', async () => {
    const empty = await store.createContainer(null);
    await mkdir(join(empty.rootDirectory, 'etc'));
    await writeFile(join(empty.rootDirectory, 'etc/hello'), 'hello\n');
    empty.configure({ environment: { A: '1' }, command: ['/bin/true'] });
    const made = await empty.commit({ timestamp: new Date('2026-03-01T00:00:00Z') });
    await empty.remove();
    expect(made.manifest.layers).toHaveLength(1);
    expect(made.config.config).toEqual({ Env: ['A=1'], Cmd: ['/bin/true'] });
    await store.push(made, parseReference(stage.nameOf('scratch:oci')));
    const [from, to] = [stage.nameOf('scratch:oci'), stage.nameOf('scratch:docker')].map((name) => `docker://${name}`);
    const plain = ['--src-tls-verify=false', '--dest-tls-verify=false', '--format', 'v2s2'];
    await runTool(['skopeo', 'copy', '--quiet', ...plain, from ?? '', to ?? '']);
    const docker = await store.pull(await store.readSource(stage.nameOf('scratch:docker')));
    expect(docker.mediaType).toBe('application/vnd.docker.distribution.manifest.v2+json');
    const container = await store.createContainer(docker);
    await writeFile(join(container.rootDirectory, 'etc/more'), 'more\n');
    const more = await container.commit({ timestamp: new Date('2026-03-01T00:00:00Z') });
    await container.remove();
    expect(more.manifest.layers.map(({ digest }) => digest)).toEqual([
      ...docker.manifest.layers.map(({ digest }) => digest),
      expect.stringMatching(/^sha256:/),
    ]);
    expect(new Set(more.manifest.layers.map(({ mediaType }) => mediaType)).size).toBe(1);
    await store.push(more, parseReference(stage.nameOf('scratch:more')));
  });
});

describe('an image whose archives are away', () => {
  it('is unknown, with the reason, and nothing is pushed', async () => {
    const { security } = stage.stage.archives.archives;
    await security.present({ reachability: 'refused' });
    try {
      const { exitCode, output } = await stage.run([
        'patch',
        stage.nameOf('base:1'),
        '--push',
        stage.nameOf('base:blind'),
      ]);
      expect([exitCode, output]).toEqual([2, expect.stringContaining('Nothing was pushed:')]);
      expect(output).toContain('Verdict after: UNKNOWN: cannot tell');
      const client = openRegistryClient(parseReference(stage.nameOf('base')), { authFile: null });
      expect(await client.headManifest('blind')).toBeNull();
    } finally {
      await security.present({ reachability: 'reachable' });
    }
  });
});

describe('patchbay image patch that is ended in the middle', () => {
  const startPatch = (words: readonly string[]) =>
    startPatchbay(stage.wordsOf(['patch', stage.nameOf('base:1'), ...words]), { HOME: stage.folder });

  it('by SIGTERM leaves nothing behind', async () => {
    const running = startPatch(['--plan']);
    await running.waitFor(/Refreshing/);
    expect(await running.end('SIGTERM')).toMatchObject({ code: 2 });
    expect(running.output()).toContain('It was cancelled.');
    expect([await listWork(stage.folder), await listMounts(stage.folder)]).toEqual([[], []]);
  });

  it('by kill -9 leaves what the next one removes, with what still runs in it', async () => {
    await stage.stage.archives.archives.security.publish({
      name: 'pb-epoch',
      version: '9:1.0',
      scripts: { postinst: 'touch /srv/waiting; exec sleep 1234' },
    });
    const running = startPatch(['--push', stage.nameOf('base:killed')]);
    await running.waitFor(/Group 1 of 1/);
    const findRoot = async () =>
      (await listMounts(stage.folder)).find((point) => existsSync(join(point, 'srv/waiting')));
    await expect.poll(findRoot, { timeout: 30_000, interval: 100 }).toBeDefined();
    await running.end('SIGKILL');
    const sleepers = async () => (await listProcesses()).filter((line) => line === 'sleep 1234');
    expect(await sleepers()).toHaveLength(1);
    await stage.stage.archives.archives.security.withdraw('pb-epoch', '9:1.0');

    const next = await stage.run(['patch', stage.nameOf('base:1'), '--push', stage.nameOf('base:after')]);
    expect(next.output).toMatch(/Removed a container of a run that was killed, and ended \d+ processes in it/);
    expect([next.exitCode, next.output]).toEqual([0, expect.stringContaining('Pushed with one layer more')]);
    expect(await sleepers()).toEqual([]);
    expect([await listWork(stage.folder), await listMounts(stage.folder)]).toEqual([[], []]);
    const client = openRegistryClient(parseReference(stage.nameOf('base')), { authFile: null });
    expect(await client.headManifest('killed')).toBeNull();
  });
});

async function listProcesses(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.map((line) => line.split('\0').filter(Boolean).join(' '));
}
