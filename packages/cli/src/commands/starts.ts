import { GetStartState, ResumeStarts, type StartState, StopStarts } from '@patchbay/contracts';
import { Command } from 'commander';
import {
  type AccessFlags,
  connect,
  type OutputFlags,
  print,
  withAccess,
  withOutput,
} from '../control-plane-options.ts';

type Flags = AccessFlags & OutputFlags;

export function describeStarts({ stopped }: StartState): string[] {
  return [
    stopped === null
      ? 'Commands and maintenance windows start.'
      : `Nothing starts since ${stopped.stoppedAt}, stopped by ${stopped.stoppedBy}: ${stopped.reason}`,
  ];
}

/** `patchbay starts`: the switch that stops everything. */
export const startsCommand = new Command('starts').description(
  'Stop every start at once, and resume: no command reaches a node meanwhile; what runs is left to end',
);

withOutput(withAccess(startsCommand.command('show')))
  .description('Show whether anything starts')
  .action(async (flags: Flags) => {
    print(await (await connect(flags)).call(GetStartState, {}), flags, describeStarts);
  });

withOutput(withAccess(startsCommand.command('stop')))
  .description('Let nothing start any more')
  .requiredOption('--reason <text>', 'why; every refusal says it')
  .action(async (flags: Flags & { readonly reason: string }) => {
    print(await (await connect(flags)).call(StopStarts, { reason: flags.reason }), flags, describeStarts);
  });

withOutput(withAccess(startsCommand.command('resume')))
  .description('Let everything start again; what was held goes on, as far as its time is not over')
  .requiredOption('--reason <text>', 'why; it is kept')
  .action(async (flags: Flags & { readonly reason: string }) => {
    print(await (await connect(flags)).call(ResumeStarts, { reason: flags.reason }), flags, describeStarts);
  });
