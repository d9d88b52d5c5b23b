import { findDebianArchives, scanImage } from '@patchbay/agent';
import type { RunningServer } from '@patchbay/server';
import { requireBuilderBeside } from '../builder-process.ts';
import { describeBuildRecord } from '../commands/image-log.ts';
import type { AptChange } from './apt-judge.ts';
import { compareMissing } from './compare.ts';
import type { DemoOptions } from './demo.ts';
import {
  createComponent,
  createImageBaseline,
  createInfrastructure,
  createPipeline,
  createRecipe,
  type Freshness,
  followBuild,
  startBuild,
  startPipeline,
  waitForDecision,
  waitForFreshness,
  watchArchives,
} from './golden-image.ts';
import { openImageStage } from './image-stage.ts';
import type { Progress } from './progress.ts';
import { missingTable } from './worked-example.ts';

export interface RunningImageDemo {
  readonly isAgreed: boolean;
  readonly server: RunningServer;
  readonly dataDirectory: string;
  /** The newest build. */
  readonly imageArn: string;
  /** Where the newest build lies. */
  readonly reference: string;
  stop(): Promise<void>;
}

const listedLines = 15;

/** Keeps a golden container image fresh and lets the apt inside it judge. What it started keeps running until `stop`. */
export async function runImageDemo(options: DemoOptions, progress: Progress): Promise<RunningImageDemo> {
  requireBuilderBeside({ isLoopback: true });
  const { signal } = options;
  const archives = await findDebianArchives();
  progress.chapter('A registry, a control plane and a builder');
  const stage = await openImageStage(options, archives, progress);
  const { registry, server, client, store } = stage;
  progress.line(`ready ${server.url}, registry ${registry.address}; the builder is a node of its own`);
  try {
    const found: string[] = [];

    /** What the apt inside a built image would upgrade, against what Patchbay says that it lacks. */
    const judge = async (reference: string, { faults }: Freshness): Promise<readonly AptChange[]> => {
      const upgrades = await progress.step('Asking the apt inside the image what it would upgrade', () =>
        stage.askAptInImage(reference),
      );
      const differences = compareMissing(faults, upgrades);
      found.push(...differences);
      const agreed = `apt agrees, item by item: ${upgrades.length === 0 ? 'nothing' : `exactly these ${faults.length}`}`;
      progress.line(differences.length === 0 ? agreed : `apt does NOT agree: ${differences.join('; ')}`);
      return upgrades;
    };
    const expectFresh = (what: string, { image, faults }: Freshness, expected: 'current' | 'stale') => {
      progress.line(`Freshness: ${image.freshness.toUpperCase()}. ${image.why}`);
      if (image.freshness !== expected) found.push(`${what} is ${image.freshness} and not ${expected}`);
      if (faults.length > 0) progress.block(missingTable(faults, new Map(), listedLines));
    };

    progress.chapter('The golden image, by a pipeline');
    const baselineId = await createImageBaseline(client);
    progress.line(`${baselineId}: every update without delay, registered for the patch group golden`);
    await createComponent(client, '1.0.0', 'first');
    const recipe = { accountId: server.accountId, registry: registry.address };
    const infrastructureConfigurationArn = await createInfrastructure(client);
    const containerRecipeArn = await createRecipe(client, { ...recipe, name: 'golden', updates: true });
    progress.line('A recipe on debian-12-x86, as the last point release was: update-linux, then a web server');
    const pipeline = await createPipeline(client, 'golden', { containerRecipeArn, infrastructureConfigurationArn });
    progress.line(
      'Its pipeline is asked each minute, so that nobody has to wait for Sunday; now it is started by hand',
    );
    const [watches, first] = await Promise.all([
      watchArchives(client, archives),
      startPipeline(client, pipeline).then((arn) => followBuild(client, arn, progress, signal)),
    ]);
    for (const { uri, suite, packageCount } of watches)
      progress.line(`Watched: ${uri} ${suite}, ${packageCount} versions`);
    progress.block(describeBuildRecord(first));
    const fresh = await waitForFreshness(client, first.imageBuildVersionArn);
    expectFresh('the golden image', fresh, 'current');
    const left = await judge(`${registry.address}/golden:1.0.0-1`, fresh);
    if (left.length > 0) found.push('apt still wants something in the golden image');

    progress.chapter('An image that nobody updated');
    const agedRecipe = await createRecipe(client, { ...recipe, name: 'aged', updates: false });
    progress.line(
      'The same without update-linux: what the golden image would be if nobody had built it since the point release',
    );
    const agedBuild = await startBuild(client, { containerRecipeArn: agedRecipe, infrastructureConfigurationArn });
    await followBuild(client, agedBuild, progress, signal);
    const aged = await waitForFreshness(client, agedBuild);
    expectFresh('the image without updates', aged, aged.faults.length > 0 ? 'stale' : 'current');
    await judge(`${registry.address}/aged:1.0.0-1`, aged);

    progress.chapter('The pipeline decides');
    const skipped = await progress.step('Its next minute, with nothing changed', () =>
      waitForDecision(client, pipeline, 'skip', new Date(first.endedAt ?? 0), signal),
    );
    progress.line('Not built:');
    progress.block(skipped.because);
    await createComponent(client, '1.1.0', 'second');
    const started = await progress.step('Publishing web-server 1.1.0; its next minute', () =>
      waitForDecision(client, pipeline, 'start', new Date(skipped.decidedAt), signal),
    );
    progress.line('Built:');
    progress.block(started.because);
    const imageArn = started.imageBuildVersionArn ?? '';
    const second = await followBuild(client, imageArn, progress, signal);
    progress.line(`Digest before: ${first.record?.digest ?? ''}`);
    progress.line(`Digest now:    ${second.record?.digest ?? ''}`);
    if (first.record?.digest === second.record?.digest) found.push('the rebuilt image has the digest of the first');

    progress.chapter('Scanned without any control plane');
    const reference = `${registry.address}/golden:1.0.0-2`;
    const report = await progress.step(`patchbay image scan ${reference}`, () =>
      scanImage({
        store,
        source: reference,
        baselineFile: null,
        cacheDirectory: stage.scanCache,
        allowedHosts: [],
        refresh: true,
        now: () => new Date(),
        report: (line) => progress.line(line),
        output: null,
      }),
    );
    progress.line(`${report.image?.digest ?? ''}: ${report.status.toUpperCase()}`);
    if (report.status !== 'compliant') found.push(`the scan says ${report.status}`);
    if (report.image?.digest !== second.record?.digest) found.push('the scan was of another digest');
    for (const difference of found) progress.line(`DIFFERENCE: ${difference}`);
    const { dataDirectory } = stage;
    const stop = () => stage.stop();
    return { isAgreed: found.length === 0, server, dataDirectory, imageArn, reference, stop };
  } catch (error) {
    await stage.stop();
    throw error;
  }
}
