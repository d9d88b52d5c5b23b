import { DEFAULT_DATA_DIRECTORY } from '@patchbay/server';
import { Command } from 'commander';
import { runDemo } from '../demo/demo.ts';
import { createProgress } from '../demo/progress.ts';
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

/** `patchbay demo`: the main job, on a real node. */
export const demoCommand = new Command('demo')
  .description(
    'Patch a disposable real Debian node from NON_COMPLIANT to COMPLIANT, judged by its own apt (needs root)',
  )
  .option('--data <directory>', 'where the demonstration keeps its things', `${DEFAULT_DATA_DIRECTORY}-demo`)
  .option('--exit', 'stop everything at the end; exit with 0 only if apt agrees item by item', false)
  .action(async ({ data, exit }: { data: string; exit: boolean }) => {
    const progress = createProgress(
      (text) => process.stdout.write(text),
      () => performance.now(),
    );
    const stopping = new AbortController();
    const stopSignal = waitForStopSignal().then((signal) => stopping.abort(signal));
    const demo = await runDemo(
      {
        directory: data,
        patchbay: [process.execPath, process.argv[1] ?? ''],
        signal: stopping.signal,
      },
      progress,
    );
    const statuses = demo.statuses.map((status) => status.toUpperCase().replace('-', '_')).join(' -> ');
    progress.chapter(demo.isAgreed ? `Done: ${statuses}, and apt agrees` : 'Done, but apt does not agree');
    if (!exit) {
      progress.block(whatNext(demo.dataDirectory, demo.instanceId, demo.server.url));
      await stopSignal;
    }
    progress.line('Stopping the node and the control plane');
    await demo.stop();
    progress.line(`Stopped. Everything lies in ${data}; remove it when you are done (a next demo is quicker with it)`);
    process.exit(demo.isAgreed ? 0 : 1);
  });
