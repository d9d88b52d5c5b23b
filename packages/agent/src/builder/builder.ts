import { join } from 'node:path';
import {
  CompleteImageBuild,
  type ImageBuildLease,
  type ImageBuildOrder,
  type ImageBuildOutcome,
} from '@patchbay/contracts';
import { AppError } from '@patchbay/facts';
import { ServerError } from '../client/index.ts';
import { ComponentRunError } from '../components/index.ts';
import { ImageError, openImageStore } from '../images/index.ts';
import { describeError } from '../log.ts';
import { openMachine } from '../machine/index.ts';
import { findDebianArchives } from '../network/index.ts';
import { BuildFailure, noPlace } from './build-failure.ts';
import { type BuildParts, buildImage } from './build-image.ts';
import { takeBuilds } from './build-loop.ts';
import { type BuildReport, openBuildReport } from './build-report.ts';
import { BuilderError } from './builder-error.ts';
import type { Builder, BuilderNode, BuilderSettings } from './builder-settings.ts';
import { importImage } from './import-image.ts';
import { firstCharacters, lastCharacters } from './report-text.ts';
import { openSlotDirectory } from './slot-directory.ts';
import { createTurns } from './take-turns.ts';
import { readToolVersions, requireBuilderTools } from './tool-versions.ts';

interface BuilderParts extends BuilderNode {
  readonly settings: BuilderSettings;
}

/** Parents and images that no build has used for so long are pulled or made again. */
const keptMilliseconds = 3 * 24 * 3_600_000;

/** What must not be lost: how a build ended. */
const completionPatienceSeconds = 600;
/** Of a build that is left to others. */
const lastWordPatienceSeconds = 5;

/**
 * What makes an agent build images for its control plane.
 * @throws BuilderError MISSING_TOOL, ImageError (when it is run) where this machine cannot build at all
 */
export function createBuilder(settings: BuilderSettings): Builder {
  return (node) => runBuilder({ ...node, settings });
}

async function runBuilder(parts: BuilderParts): Promise<void> {
  const { settings, directory, client, instanceId, key, log, timers, signal } = parts;
  requireBuilderTools();
  const host = await openMachine({ root: null, workDirectory: join(directory, 'host'), access: 'read-write' });
  try {
    const tools = await readToolVersions(host);
    const registryAccess = {
      authFile: settings.registryAuthFile,
      plainHttpRegistries: settings.plainHttpRegistries,
    };
    const storeOptions = { directory: join(directory, 'images'), ...registryAccess };
    for (const line of await openImageStore(storeOptions).removeLeftovers()) log({ level: 'info', message: line });
    const forgetOldImages = async () => {
      try {
        await openImageStore(storeOptions).prune(new Date(timers.now().getTime() - keptMilliseconds));
      } catch (error) {
        // On a full disk, say: what is too old goes another time.
        log({ level: 'warning', message: `Images that nobody used could not be removed: ${describeError(error)}` });
      }
    };
    const inTurn = createTurns();
    const build = async (order: ImageBuildOrder, slot: number, stop: AbortSignal): Promise<void> => {
      const lease = { imageId: order.imageId, leaseId: order.leaseId };
      const report = openBuildReport({ client, lease, log, timers });
      const timeout = AbortSignal.timeout(order.timeoutSeconds * 1000);
      const ending = AbortSignal.any([stop, report.signal, timeout]);
      const outcome = await endOf(report, { stop, timeout, ending, order }, async () => {
        // Also what cannot even begin, for want of room, say, ends as every other build.
        const buildParts: BuildParts = {
          store: openImageStore({ ...storeOptions, signal: ending, report: (line) => report.say(line) }),
          host,
          archives: async () => settings.archives ?? (await findDebianArchives()),
          keyring: settings.keyring,
          parentImageDirectory: settings.parentImageDirectory,
          baseImageDirectory: join(directory, 'base-images'),
          report,
          signal: ending,
          client,
          key,
          tools,
          registryAccess: { ...registryAccess, signal: ending },
          directory: openSlotDirectory(join(directory, `slot-${slot}`), subjectOf(order)),
          inTurn,
          now: () => timers.now(),
        };
        return order.kind === 'import' ? await importImage(order, buildParts) : await buildImage(order, buildParts);
      });
      await report.close(outcome === null ? lastWordPatienceSeconds : completionPatienceSeconds);
      if (outcome === null) {
        log({ level: 'info', message: `The build of ${order.imageBuildVersionArn} is left to another builder` });
        return;
      }
      log({ level: 'info', message: `${order.imageBuildVersionArn}: ${outcome.kind}` });
      await complete(parts, { ...lease, outcome });
      await forgetOldImages();
    };
    await takeBuilds({ client, instanceId, key, tools, build, concurrency: settings.concurrency, log, timers, signal });
  } finally {
    await host.close();
  }
}

/** What package lists and the like are kept for. */
function subjectOf(order: ImageBuildOrder): string {
  return order.kind === 'import' ? order.reference : order.containerRecipeArn;
}

interface Endings {
  /** The builder itself stops. */
  readonly stop: AbortSignal;
  readonly timeout: AbortSignal;
  readonly ending: AbortSignal;
  readonly order: ImageBuildOrder;
}

/** How a build ended; null where another builder is to begin it again. */
async function endOf(
  report: BuildReport,
  { stop, timeout, ending, order }: Endings,
  work: () => Promise<ImageBuildOutcome>,
): Promise<ImageBuildOutcome | null> {
  try {
    return await work();
  } catch (error) {
    if (stop.aborted && ending.reason === stop.reason) return null;
    const { reason }: { reason?: unknown } = report.signal;
    if (reason instanceof BuilderError && reason.code === 'LEASE_LOST') return null;
    if (report.signal.aborted) {
      report.endRunning('CANCELLED', 'It was cancelled');
      return { kind: 'cancelled' };
    }
    const isLate = timeout.aborted;
    const message = isLate ? `The build did not end within ${order.timeoutSeconds} seconds` : explain(error);
    const place = !isLate && error instanceof BuildFailure ? error.place : noPlace;
    const shown = firstCharacters(message, 4_000);
    const step = report.endRunning('FAILED', shown);
    report.say(shown);
    const failure = {
      step,
      component: firstCharacters(place.component, 256),
      phase: firstCharacters(place.phase, 128),
      componentStep: firstCharacters(place.componentStep, 256),
      message: shown,
      output: lastCharacters(place.output, 8_000),
    };
    return { kind: 'failed', failure };
  }
}

/** Errors that say what to do are told as they are; of others the log has the rest. */
function explain(error: unknown): string {
  if (error instanceof AppError || error instanceof ImageError || error instanceof BuilderError) return error.message;
  if (error instanceof ComponentRunError || error instanceof ServerError) return error.message;
  return `The builder failed: ${describeError(error)}`;
}

async function complete(
  { client, log }: BuilderParts,
  input: ImageBuildLease & { readonly outcome: ImageBuildOutcome },
): Promise<void> {
  try {
    await client.callPatchbay(CompleteImageBuild, input, { patienceSeconds: completionPatienceSeconds });
  } catch (error) {
    // The lease runs out, and somebody builds it again.
    log({ level: 'error', message: `How the build ended could not be told: ${describeError(error)}` });
  }
}
