import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateImageCommand,
  type CreateImageCommandInput,
  type Image,
  type ImagebuilderClient,
} from '@aws-sdk/client-imagebuilder';
import { type BuilderSettings, type ImageStore, openImageStore, type StoredImage } from '@patchbay/agent';
import { GetImageBuildRecord, ListImageBuildLines } from '@patchbay/contracts';
import type { z } from 'zod';
import { readSuccess } from '../../packages/server/src/test-support/send-request.ts';
import { openPatcherStage, type PatcherStage } from '../patcher/patcher-stage.ts';
import type { RealServer } from '../ssm/real-server.ts';
import { tryTool } from '../support/run-tool.ts';
import type { HardCase } from '../support/test-packages.ts';
import { startTestRegistry, type TestRegistry } from '../support/test-registry.ts';
import {
  allowArchives,
  awaitImage,
  createImageBuilderClient,
  createRecipe,
  type RecipeParts,
  startTestBuilder,
  type TestBuilder,
} from './built-image.ts';

/** A registry with a small real image, and a builder. */
export interface BuildStage {
  readonly folder: string;
  readonly patcherStage: PatcherStage;
  readonly registry: TestRegistry;
  readonly builder: TestBuilder;
  readonly client: ImagebuilderClient;
  readonly store: ImageStore;
  readonly base: StoredImage;
  readonly parentImage: string;
  /** Begins the build of a recipe of its own; answers its ARN. */
  begin(
    name: string,
    parts?: Partial<RecipeParts>,
    more?: Pick<CreateImageCommandInput, 'distributionConfigurationArn'>,
  ): Promise<string>;
  build(name: string, parts?: Partial<RecipeParts>): Promise<EndedBuild>;
  await(imageBuildVersionArn: string): Promise<EndedBuild>;
  close(): Promise<void>;
}

export interface EndedBuild {
  readonly imageBuildVersionArn: string;
  readonly image: Image;
  readonly status: string | undefined;
  readonly reason: string | undefined;
  readonly record: z.output<typeof GetImageBuildRecord.output>;
  /** What it printed. */
  readonly lines: readonly string[];
}

/** A component with these commands in its build phase; in its test phase, with others. */
export function writeComponent(commands: readonly string[], tests: readonly string[] = []): string {
  const phase = (name: string, what: readonly string[]) =>
    `  - name: ${name}\n    steps:\n      - name: Run\n        action: ExecuteBash\n        timeoutSeconds: 60\n        inputs: ${JSON.stringify({ commands: what })}\n`;
  return `schemaVersion: 1.0\nphases:\n${phase('build', commands)}${tests.length === 0 ? '' : phase('test', tests)}`;
}

/**
 * @param settings of its builder; null for none
 * @param cases installed in the image
 */
export async function openBuildStage(
  server: RealServer,
  settings: Partial<BuilderSettings> | null = {},
  cases: readonly HardCase[] = [],
): Promise<BuildStage> {
  const folder = await mkdtemp(join(tmpdir(), 'builds-'));
  const patcherStage = await openPatcherStage(cases);
  const registry = await startTestRegistry();
  const store = openImageStore({ directory: join(folder, 'store'), authFile: null });
  const base = await store.pull(await store.readSource(patcherStage.root.directory));
  const parentImage = `${registry.address}/base:1`;
  const source = await store.readSource(parentImage);
  if (source.kind !== 'registry') throw new Error('The parent is not in a registry');
  await store.push(base, source.reference);
  const client = createImageBuilderClient(server);
  const builder = settings === null ? null : await startTestBuilder(server, settings);
  const call = async (name: string, input: object) =>
    readSuccess(await server.call(`Patchbay.${name}`, input, { service: 'patchbay' }));
  const awaitEnd: BuildStage['await'] = async (imageBuildVersionArn) => {
    const image = await awaitImage(client, imageBuildVersionArn);
    const record = GetImageBuildRecord.output.parse(await call('GetImageBuildRecord', { imageBuildVersionArn }));
    const { lines } = ListImageBuildLines.output.parse(await call('ListImageBuildLines', { imageBuildVersionArn }));
    const { status, reason } = image.state ?? {};
    return { imageBuildVersionArn, image, status, reason, record, lines: lines.map(({ text }) => text) };
  };
  const begin: BuildStage['begin'] = async (name, parts = {}, more = {}) => {
    const recipe = await createRecipe(client, {
      name,
      parentImage,
      repositoryName: `${registry.address}/${name}`,
      component: writeComponent(['true']),
      ...parts,
      tags: { ...allowArchives(patcherStage.archives), ...parts.tags },
    });
    const { imageBuildVersionArn = '' } = await client.send(new CreateImageCommand({ ...recipe, ...more }));
    return imageBuildVersionArn;
  };
  return {
    folder,
    patcherStage,
    registry,
    get builder() {
      if (builder === null) throw new Error('This stage has no builder of its own');
      return builder;
    },
    client,
    store,
    base,
    parentImage,
    begin,
    await: awaitEnd,
    build: async (name, parts) => await awaitEnd(await begin(name, parts)),
    async close() {
      await builder?.stop();
      client.destroy();
      await registry.close();
      await patcherStage.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Processes with exactly this command line. */
export async function findProcesses(commandLine: string): Promise<string[]> {
  const { stdout } = await tryTool(['pgrep', '--full', '--exact', commandLine]);
  return stdout.split('\n').filter((line) => line !== '');
}

/** What a build that has ended may not leave with its builder: containers, scratch files, mounts. */
export async function listLeftovers({ folder }: Pick<TestBuilder, 'folder'>): Promise<string[]> {
  const images = join(folder, 'state', 'builder', 'images');
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point.startsWith(`${folder}/`) && !point.endsWith('/storage/overlay'));
  return [...(await readdir(join(images, 'work'))), ...mounts];
}
