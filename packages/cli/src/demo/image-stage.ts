import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DebianArchives,
  defaultKeyring,
  type ImageStore,
  openImageStore,
  withImageNetwork,
} from '@patchbay/agent';
import { createLogger, prepareDataDirectory, type RunningServer } from '@patchbay/server';
import { readAdministratorAccess } from '../administrator-access.ts';
import { keepBuilder } from '../builder-process.ts';
import { type ControlPlaneClient, createControlPlaneClient } from '../control-plane-client.ts';
import { type AptChange, askApt } from './apt-judge.ts';
import { type DemoOptions, startControlPlane } from './demo.ts';
import type { Progress } from './progress.ts';
import { type DemoRegistry, startRegistry } from './registry.ts';

/** What the story of the images is played on. */
export interface ImageStage {
  readonly registry: DemoRegistry;
  readonly server: RunningServer;
  readonly client: ControlPlaneClient;
  /** Images that the demonstration looks at itself; the builder has its own. */
  readonly store: ImageStore;
  readonly dataDirectory: string;
  readonly scanCache: string;
  /** Asks the apt of an image what it would upgrade, in a container that is thrown away. */
  askAptInImage(reference: string): Promise<readonly AptChange[]>;
  stop(): Promise<void>;
}

/** Starts a registry, a control plane and a builder. They run until `stop`. */
export async function openImageStage(
  { directory, patchbay }: DemoOptions,
  archives: DebianArchives,
  progress: Progress,
): Promise<ImageStage> {
  await prepareDataDirectory(directory);
  const paths = {
    cache: join(directory, 'cache'),
    data: join(directory, 'image-control-plane'),
    registry: join(directory, 'registry'),
    images: join(directory, 'images'),
    judge: join(directory, 'judge'),
  };
  for (const path of [paths.data, paths.registry, paths.judge]) await rm(path, { recursive: true, force: true });
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const each of stops.splice(0).toReversed()) await each();
  };
  try {
    const registry = await progress.step("Starting Debian's docker-registry on loopback", () =>
      startRegistry(paths.cache, paths.registry),
    );
    stops.push(() => registry.stop());
    const server = await progress.step('Starting the control plane on its embedded PostgreSQL', () =>
      startControlPlane(paths.data, progress),
    );
    stops.push(() => server.stop());
    const ending = new AbortController();
    const settings = {
      concurrency: 1,
      archives,
      keyring: defaultKeyring,
      registryAuthFile: null,
      parentImageDirectory: null,
      plainHttpRegistries: [],
    };
    const builder = keepBuilder({
      dataDirectory: paths.data,
      region: 'us-east-1',
      server,
      settings,
      patchbay,
      logger: createLogger({ level: 'warn' }),
      signal: ending.signal,
    });
    builder.catch((error: unknown) => progress.line(`The builder could not be started: ${String(error)}`));
    stops.push(async () => {
      ending.abort();
      await builder.catch(() => {});
    });
    const store = openImageStore({ directory: paths.images, authFile: null });
    return {
      registry,
      server,
      client: createControlPlaneClient(await readAdministratorAccess(paths.data)),
      store,
      dataDirectory: paths.data,
      scanCache: join(paths.cache, 'scan'),
      askAptInImage: async (reference) => {
        const container = await store.createContainer(await store.pull(await store.readSource(reference)));
        try {
          const judgement = await withImageNetwork(
            { allowedHosts: [], report: (line) => progress.line(line) },
            (network) => askApt(container.rootDirectory, paths.judge, [], network),
          );
          return judgement.upgrade;
        } finally {
          await container.remove();
        }
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
