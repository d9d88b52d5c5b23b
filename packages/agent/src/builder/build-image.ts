import { rmSync } from 'node:fs';
import type {
  ContainerBuildOrder,
  ImageBuildLease,
  ImageBuildOrder,
  ImageBuildOutcome,
  ImageBuildStepName,
  ToolVersion,
} from '@patchbay/contracts';
import {
  DockerfileError,
  type ResolvedDockerfileStep,
  readDockerfileTemplate,
  resolveDockerfile,
} from '@patchbay/patching';
import { agentVersion } from '../agent-version.ts';
import type { PinnedKey } from '../authorization.ts';
import type { ControlPlaneClient } from '../client/index.ts';
import type { ImageContainer, RegistryAccess, StoredImage } from '../images/index.ts';
import { type Machine, openMachine } from '../machine/index.ts';
import type { ProxiedNetwork } from '../network/index.ts';
import { changesOf } from './apply-setting.ts';
import { BuildFailure } from './build-failure.ts';
import { openBuildNetwork } from './build-network.ts';
import { collectMetadata, type ImageMetadata } from './collect-metadata.ts';
import { distributeImage } from './distribute-image.ts';
import { obtainParent, type Parent, type ParentParts } from './parent-image.ts';
import { patchImage } from './patch-image.ts';
import { type BuildComponent, type ComponentStage, readComponents, runComponents } from './run-components.ts';
import { runInstruction } from './run-instruction.ts';
import type { SlotDirectory } from './slot-directory.ts';
import { originIdOf, writeOrigin } from './write-origin.ts';

export interface BuildParts extends ParentParts {
  readonly client: Pick<ControlPlaneClient, 'callPatchbay' | 'now'>;
  readonly key: PinnedKey;
  readonly tools: readonly ToolVersion[];
  readonly registryAccess: RegistryAccess;
  readonly directory: SlotDirectory;
  readonly now: () => Date;
}

export type BuiltImage = Extract<ImageBuildOutcome, { kind: 'available' }>;

/**
 * Builds the image of an order: parent, instructions and components, facts, image, tests, distribution. Nothing is sent
 * anywhere before all tests have passed.
 * @throws BuildFailure where the recipe is to blame; ImageError, BuilderError, MachineError and the like otherwise
 */
export async function buildImage(order: ContainerBuildOrder, parts: BuildParts): Promise<BuiltImage> {
  const step = stepper(parts);
  const components = readComponents(order);
  const parent = await step('ObtainParentImage', () => obtainParent(order.parent, parts));
  const steps = readSteps(order, parent);
  const { image, metadata, originId } = await atSite(order, parts, parent.image, async (site) => {
    await step('ApplyBuildComponents', () => applyRecipe({ order, parts, components, steps, site }));
    const found = await step('CollectImageMetadata', () => collectMetadata(patchRequestOf(order, parts, site)));
    parts.report.say(found.summary);
    const { container } = site;
    const origin = {
      recipeArn: order.containerRecipeArn,
      originId: originIdOf(order, parent.image.digest, found.facts),
    };
    const made = await step('CreateOutputImage', async () => {
      await withMachine(site, parts, (machine) => writeOrigin(machine, origin));
      return await commit({ order, parts, container, parent, metadata: found });
    });
    return { image: made, metadata: found, originId: origin.originId };
  });
  if (order.isTested) await step('ApplyTestComponents', () => testImage(order, parts, components, image));
  else parts.report.end('ApplyTestComponents', 'SKIPPED', 'The image is not to be tested.');
  const timestamp = timestampOf(parent, metadata);
  const { registryAccess: access } = parts;
  const { facts } = metadata;
  const distribution = { order, image, facts, timestamp, patchbayVersion: agentVersion, access };
  const containers = await step('DistributeImage', () => distributeImage(distribution, parts));
  return {
    kind: 'available',
    factsId: metadata.factsId,
    osVersion: metadata.osVersion,
    containers,
    record: {
      digest: image.digest,
      parent: { reference: parent.reference, digest: parent.image.digest, version: parent.version },
      archives: metadata.archives,
      tools: [...parts.tools],
      timestamp: timestamp.toISOString(),
      originId,
      layers: image.manifest.layers.map(({ digest, size }) => ({ digest, sizeBytes: size })),
    },
  };
}

/** Does the steps of a build, each told when it begins and ends. */
export function stepper({ report, signal }: BuildParts) {
  return async <Result>(name: ImageBuildStepName, work: () => Promise<Result>): Promise<Result> => {
    signal.throwIfAborted();
    report.begin(name);
    const result = await work();
    signal.throwIfAborted();
    report.end(name, 'COMPLETED', '');
    return result;
  };
}

/** The parent's timestamp where nothing newer went in: what is the same inside has the same digest. */
function timestampOf({ timestamp }: Parent, { newestRelease }: ImageMetadata): Date {
  return newestRelease === null || newestRelease < timestamp ? timestamp : newestRelease;
}

function readSteps({ template }: ContainerBuildOrder, { image }: Parent): ResolvedDockerfileStep[] {
  const { Env, WorkingDir, User } = image.config.config ?? {};
  const environment = new Map((Env ?? []).map((line) => splitVariable(line)));
  const base = { environment, workingDirectory: WorkingDir || '/', user: User || null };
  try {
    return resolveDockerfile(readDockerfileTemplate(template), base);
  } catch (error) {
    if (error instanceof DockerfileError) throw new BuildFailure(`The Dockerfile template: ${error.message}`);
    throw error;
  }
}

function splitVariable(line: string): [name: string, value: string] {
  const equals = line.indexOf('=');
  return equals === -1 ? [line, ''] : [line.slice(0, equals), line.slice(equals + 1)];
}

/** What it takes to look into a root, and to patch it, for an image. */
export function patchRequestOf(order: ImageBuildLease, parts: BuildParts, { container, network }: Site) {
  const { client, key, directory, signal, report } = parts;
  return {
    rootDirectory: container.rootDirectory,
    network,
    workDirectory: directory.patcher,
    lease: { imageId: order.imageId, leaseId: order.leaseId },
    client,
    key,
    signal,
    report: (line: string) => report.say(line),
  };
}

/** Where an image is worked on: a writable root, and the network that all in it is in. */
interface Site {
  readonly container: ImageContainer;
  readonly network: ProxiedNetwork;
}

/** Works on an image in a root of its own, which is gone afterwards. */
export async function atSite<Result>(
  order: Pick<ImageBuildOrder, 'allowedHosts'>,
  { store, directory, archives, report }: BuildParts,
  image: StoredImage,
  work: (site: Site) => Promise<Result>,
): Promise<Result> {
  // What another root was left with (files in /tmp above all) is nothing to this one.
  const removeWork = () => rmSync(directory.machine, { recursive: true, force: true });
  removeWork();
  const container = await store.createContainer(image);
  try {
    const network = await openBuildNetwork(order, archives, report);
    try {
      return await work({ container, network });
    } finally {
      network.close();
    }
  } finally {
    removeWork();
    await container.remove();
  }
}

async function withMachine<Result>(
  { container, network }: Site,
  { directory }: BuildParts,
  work: (machine: Machine) => Promise<Result>,
): Promise<Result> {
  const machine = await openMachine({
    root: container.rootDirectory,
    workDirectory: directory.machine,
    access: 'read-write',
    keepsTemporaryFiles: true,
    network,
  });
  try {
    return await work(machine);
  } finally {
    await machine.close();
  }
}

interface Applying {
  readonly order: ContainerBuildOrder;
  readonly parts: BuildParts;
  readonly components: readonly BuildComponent[];
  readonly steps: readonly ResolvedDockerfileStep[];
  readonly site: Site;
}

async function applyRecipe({ order, parts, components, steps, site }: Applying): Promise<void> {
  const { report, signal } = parts;
  const { container } = site;
  const environment: Record<string, string> = { ...environmentOf(container.image) };
  await withMachine(site, parts, async (machine) => {
    for (const step of steps) {
      signal.throwIfAborted();
      switch (step.kind) {
        case 'components':
          await runComponents(components, 'build', stageOf({ order, parts, site, machine, environment }));
          break;
        case 'run':
          await runInstruction(step, {
            machine,
            signal,
            secondsLeft: () => order.timeoutSeconds,
            say: (stream, text) => report.say(text, { component: '', phase: '', componentStep: '', stream }),
          });
          break;
        case 'configure':
          container.configure(changesOf(step.setting));
          if (step.setting.name === 'environment')
            Object.assign(environment, Object.fromEntries(step.setting.variables));
      }
    }
  });
}

interface Staging extends Pick<Applying, 'order' | 'parts' | 'site'> {
  readonly machine: Machine;
  readonly environment: Readonly<Record<string, string>>;
}

function stageOf({ order, parts, site, machine, environment }: Staging): ComponentStage {
  const { report, signal, now } = parts;
  return {
    machine,
    environment,
    workingDirectory: order.workingDirectory,
    hosts: site.network.hosts,
    report,
    signal,
    now,
    updateOperatingSystem: async (selection, tell) => {
      const request = { ...patchRequestOf(order, parts, site), selection, report: tell };
      const { exitCode, complaints } = await patchImage({ ...request, operation: 'Install' });
      if (exitCode === 0) return { kind: 'succeeded', outputs: [] };
      return { kind: 'failed', message: complaints.join('; ') || 'the patcher failed' };
    },
  };
}

function environmentOf(image: StoredImage | null): Record<string, string> {
  return Object.fromEntries((image?.config.config?.Env ?? []).map((line) => splitVariable(line)));
}

interface Committing extends Pick<Applying, 'order' | 'parts'> {
  readonly container: ImageContainer;
  readonly parent: Parent;
  readonly metadata: ImageMetadata;
}

async function commit({ order, container, parent, metadata, parts }: Committing): Promise<StoredImage> {
  const image = await container.commit({
    timestamp: timestampOf(parent, metadata),
    labels: order.labels,
    createdBy: `patchbay ${order.containerRecipeArn}`,
    isUnpacked: order.isTested,
    annotations: {
      'org.opencontainers.image.base.name': parent.reference,
      'org.opencontainers.image.title': order.name,
    },
  });
  parts.report.say(`Made ${image.digest}`);
  return image;
}

/** Tests run in a root of their own on the finished image: what they leave behind is in no image. */
async function testImage(
  order: ContainerBuildOrder,
  parts: BuildParts,
  components: readonly BuildComponent[],
  image: StoredImage,
): Promise<void> {
  // Another machine: nothing of the build can be referred to.
  for (const component of components) component.earlier = [];
  await atSite(order, parts, image, (site) =>
    withMachine(site, parts, async (machine) => {
      const environment = environmentOf(image);
      await runComponents(components, 'test', stageOf({ order, parts, site, machine, environment }));
    }),
  );
}
