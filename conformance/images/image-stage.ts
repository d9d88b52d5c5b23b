import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ImageStore, openImageStore, ownPlatform, parseReference, type StoredImage } from '@patchbay/agent';
import { openPatcherStage, type PatcherStage } from '../patcher/patcher-stage.ts';
import { runPatchbay } from '../support/patchbay-process.ts';
import { runTool } from '../support/run-tool.ts';
import { listHosts } from '../support/test-archive.ts';
import type { HardCase } from '../support/test-packages.ts';
import { startTestRegistry, type TestRegistry } from '../support/test-registry.ts';

/** A registry with a small real image, archives with updates for it, and the command line to work on it. */
export interface ImageStage {
  readonly folder: string;
  readonly stage: PatcherStage;
  readonly registry: TestRegistry;
  readonly baselineFile: string;
  /** `127.0.0.1:PORT/NAME`. */
  nameOf(image: string): string;
  openStore(name?: string): ImageStore;
  /** Makes an image of the stage's root as it is and pushes it. */
  publish(image: string, store?: ImageStore): Promise<StoredImage>;
  /** `patchbay image …` with the stage's archives, a store and a cache of it; named ones share nothing with others. */
  run(words: readonly string[], place?: string): ReturnType<typeof runPatchbay>;
  wordsOf(words: readonly string[], place?: string): string[];
  close(): Promise<void>;
}

export const baseConfig = {
  Env: ['PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'APP=1'],
  Entrypoint: ['/usr/bin/env'],
  Cmd: ['true'],
  User: 'nobody',
  WorkingDir: '/srv',
  Labels: { team: 'a' },
  ExposedPorts: { '80/tcp': {} },
  Volumes: { '/data': {} },
  StopSignal: 'SIGINT',
  Healthcheck: { Test: ['CMD', 'true'] },
};

export async function openImageStage(cases: readonly HardCase[]): Promise<ImageStage> {
  const folder = await mkdtemp(join(tmpdir(), 'images-'));
  const stage = await openPatcherStage(cases);
  const registry = await startTestRegistry();
  const baselineFile = join(folder, 'baseline.json');
  await writeFile(
    baselineFile,
    JSON.stringify({
      Name: 'everything',
      OperatingSystem: 'DEBIAN',
      ApprovalRules: {
        PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 0, EnableNonSecurity: true }],
      },
    }),
  );
  const nameOf = (image: string) => `${registry.address}/${image}`;
  const openStore = (name = 'store') => openImageStore({ directory: join(folder, name), authFile: null });
  const wordsOf = (words: readonly string[], place = 'store') => {
    const [command = '', ...rest] = words;
    const places = ['--store', join(folder, place), '--cache', join(folder, `${place}-cache`)];
    const network = listHosts(stage.archives.archives).flatMap((host) => ['--allow-host', host]);
    return ['image', command, ...rest, ...places, '--baseline', baselineFile, ...network];
  };
  return {
    folder,
    stage,
    registry,
    baselineFile,
    nameOf,
    openStore,
    wordsOf,
    run: (words, place) => runPatchbay(wordsOf(words, place), { REGISTRY_AUTH_FILE: '', HOME: folder }),
    async publish(image, store = openStore()) {
      const archive = join(folder, 'root.tar');
      const options = ['--create', '--numeric-owner', '--sort=name', '--xattrs', '--file', archive];
      await runTool(['tar', ...options, '--directory', stage.root.directory, '.']);
      const created = '2026-01-01T00:00:00Z';
      const made = await store.importRoot(archive, {
        platform: ownPlatform(),
        created,
        name: image,
        config: baseConfig,
      });
      await store.push(made, parseReference(nameOf(image)));
      return made;
    },
    async close() {
      await removeMounts(folder);
      await registry.close();
      await stage.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Mounts below a directory, by /proc/self/mountinfo. */
export async function listMounts(directory: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return lines.map((line) => line.split(' ')[4] ?? '').filter((point) => point.startsWith(`${directory}/`));
}

async function removeMounts(directory: string): Promise<void> {
  for (const point of (await listMounts(directory)).toReversed()) await runTool(['umount', point]);
}

/** The pieces of work that a store knows of: none when nobody works. */
export async function listWork(folder: string, place = 'store'): Promise<string[]> {
  return await readdir(join(folder, place, 'work'));
}
