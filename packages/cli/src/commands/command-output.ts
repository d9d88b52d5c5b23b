import { setTimeout as wait } from 'node:timers/promises';
import { GetCommandOutput } from '@patchbay/contracts';
import { Argument, Command } from 'commander';
import { type AccessFlags, connect, withAccess } from '../control-plane-options.ts';

const followMilliseconds = 2_000;

interface Flags extends AccessFlags {
  readonly instance: string;
  readonly step?: string;
  readonly stderr: boolean;
  readonly follow: boolean;
}

/** `patchbay command-output`: the whole output of a command on a node, as bytes. */
export const commandOutputCommand = withAccess(new Command('command-output'))
  .description('Print the whole output of a command on one node')
  .addArgument(new Argument('<command-id>', 'as aws ssm send-command prints it'))
  .requiredOption('--instance <instance-id>', 'the node, mi-...')
  .option('--step <name>', 'the step of the document; without it all of them, one after another')
  .option('--stderr', 'the error output instead', false)
  .option('--follow', 'wait for what is still to come', false)
  .action(async (commandId: string, flags: Flags) => {
    const client = await connect(flags);
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
