import { DEFAULT_DATA_DIRECTORY } from '@patchbay/server';
import { Command } from 'commander';
import { type DemoOptions, runDemo } from '../demo/demo.ts';
import { type RunningImageDemo, runImageDemo } from '../demo/image-demo.ts';
import { createProgress, type Progress } from '../demo/progress.ts';
import { waitForStopSignal } from '../stop-signals.ts';

const whatNext = (data: string, instanceId: string, endpoint: string) => [
  'What to try next, in another shell:',
  '',
  `  eval "$(./patchbay env --data ${data})"`,
  '  aws ssm describe-instance-information',
  `  aws ssm describe-instance-patch-states --instance-ids ${instanceId}`,
  `  aws ssm describe-instance-patches --instance-id ${instanceId} --filters Key=State,Values=InstalledOther`,
  `  ./patchbay explain ${instanceId} --package openssl`,
  '',
  `The control plane is ${endpoint}; the node keeps running too. Ctrl-C stops everything.`,
];

const whatNextWithImages = ({ dataDirectory: data, server, imageArn, reference }: RunningImageDemo) => [
  'What to try next, in another shell:',
  '',
  `  eval "$(./patchbay env --data ${data})"`,
  '  aws imagebuilder list-images',
  `  ./patchbay image list --data ${data}`,
  `  ./patchbay image log --data ${data} ${imageArn}`,
  `  ./patchbay image sbom --data ${data} ${imageArn}`,
  `  ./patchbay image scan ${reference}`,
  '',
  `The control plane is ${server.url}; builder and registry keep running too. Ctrl-C stops everything.`,
];

interface Flags {
  readonly data: string;
  readonly exit: boolean;
  readonly images: boolean;
}

/** `patchbay demo`: the main job, on a real node or a real image. */
export const demoCommand = new Command('demo')
  .description(
    'Patch a disposable real Debian node from NON_COMPLIANT to COMPLIANT, judged by its own apt (needs root)',
  )
  .option('--data <directory>', 'where the demonstration keeps its things', `${DEFAULT_DATA_DIRECTORY}-demo`)
  .option('--images', 'instead: build a golden container image, watch it age, let a pipeline decide', false)
  .option('--exit', 'stop everything at the end; exit with 0 only if apt agrees item by item', false)
  .action(async ({ data, exit, images }: Flags) => {
    const progress = createProgress(
      (text) => process.stdout.write(text),
      () => performance.now(),
    );
    const stopping = new AbortController();
    const stopSignal = waitForStopSignal().then((signal) => stopping.abort(signal));
    const options = {
      directory: data,
      patchbay: [process.execPath, process.argv[1] ?? ''],
      signal: stopping.signal,
    };
    const { demo, story, next } = images ? await showImages(options, progress) : await showNode(options, progress);
    progress.chapter(demo.isAgreed ? `Done: ${story}, and apt agrees` : 'Done, but apt does not agree');
    if (!exit) {
      progress.block(next);
      await stopSignal;
    }
    progress.line('Stopping everything');
    await demo.stop();
    progress.line(`Stopped. Everything lies in ${data}; remove it when you are done (a next demo is quicker with it)`);
    process.exit(demo.isAgreed ? 0 : 1);
  });

async function showNode(options: DemoOptions, progress: Progress) {
  const demo = await runDemo(options, progress);
  const story = demo.statuses.map((status) => status.toUpperCase().replace('-', '_')).join(' -> ');
  return { demo, story, next: whatNext(demo.dataDirectory, demo.instanceId, demo.server.url) };
}

async function showImages(options: DemoOptions, progress: Progress) {
  const demo = await runImageDemo(options, progress);
  return { demo, story: 'STALE -> CURRENT', next: whatNextWithImages(demo) };
}
