import { ListWindowSchedules, type WindowSchedule } from '@patchbay/contracts';
import { Command } from 'commander';
import {
  type AccessFlags,
  connect,
  type OutputFlags,
  print,
  withAccess,
  withOutput,
} from '../control-plane-options.ts';
import { wholeNumberOption } from '../whole-number-option.ts';

type Flags = AccessFlags & OutputFlags & { readonly count: number };

/** A window with when it opens, in words and as times. */
export function describeWindow({ windowId, name, enabled, inWords, next }: WindowSchedule): string[] {
  const upcoming = next.length === 0 ? 'nothing upcoming' : next.join('  ');
  return [`${windowId}  ${name}  ${inWords}`, `  ${enabled ? upcoming : 'disabled'}`];
}

/** `patchbay window`: when maintenance windows open. Everything else about them is AWS's own operations. */
export const windowCommand = new Command('window').description('Say when maintenance windows open');

withOutput(withAccess(windowCommand.command('list')))
  .description('List the windows with their schedules in words, and when they open next')
  .option('--count <number>', 'how many times to show of each (1 to 100)', wholeNumberOption, 3)
  .action(async (flags: Flags) => {
    const { windows } = await (await connect(flags)).call(ListWindowSchedules, { count: flags.count });
    print(windows, flags, () =>
      windows.length === 0 ? ['There are no maintenance windows.'] : windows.flatMap(describeWindow),
    );
  });
