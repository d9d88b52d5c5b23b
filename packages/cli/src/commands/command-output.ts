import { setTimeout as wait } from 'node:timers/promises';
import { GetCommandOutput } from '@patchbay/contracts';
import { DEFAULT_DATA_DIRECTORY } from '@patchbay/server';
import { Argument, Command } from 'commander';
import { accessFromEnvironment, readAdministratorAccess } from '../administrator-access.ts';
import { createControlPlaneClient } from '../control-plane-client.ts';

const followMilliseconds = 2_000;

interface Flags {
  readonly instance: string;
  readonly step?: string;
  readonly stderr: boolean;
  readonly follow: boolean;
  readonly data?: string;
}

/** `patchbay command-output`: the whole output of a command on a node, as bytes. */
export const commandOutputCommand = new Command('command-output')
  .description('Print the whole output of a command on one node')
  .addArgument(new Argument('<command-id>'))
  .requiredOption('--instance <instance-id>', 'mi-...')
  .option('--step <name>', 'the step of the document; without it all of them, one after another')
  .option('--stderr', 'the error output instead', false)
  .option('--follow', 'wait for what is still to come', false)
  .option('--data <directory>', 'data directory of the control plane, where AWS_ENDPOINT_URL is not set')
  .action(async (commandId: string, flags: Flags) => {
    const fromEnvironment = flags.data === undefined ? accessFromEnvironment(process.env) : undefined;
    const access = fromEnvironment ?? (await readAdministratorAccess(flags.data ?? DEFAULT_DATA_DIRECTORY));
    const client = createControlPlaneClient(access);
    const about = { commandId, instanceId: flags.instance, stream: flags.stderr ? 'stderr' : 'stdout' } as const;
    const { stepNames } = await client.call(GetCommandOutput, { ...about, stepName: flags.step });
    for (const stepName of flags.step === undefined ? stepNames : [flags.step]) {
      let startByte = 0;
      for (;;) {
        const part = await client.call(GetCommandOutput, { ...about, stepName, startByte });
        process.stdout.write(Buffer.from(part.content, 'base64'));
        const isMore = part.nextByte > startByte;
        startByte = part.nextByte;
        if (part.isComplete) {
          if (part.wholeBytes !== null && startByte < part.wholeBytes) {
            console.error(`The output goes on to ${part.wholeBytes} bytes; the first ${startByte} are kept.`);
          }
          break;
        }
        if (isMore) continue;
        if (!flags.follow) {
          console.error(`There is more to come (${part.statusDetails}); --follow waits for it.`);
          break;
        }
        await wait(followMilliseconds);
      }
    }
  });
