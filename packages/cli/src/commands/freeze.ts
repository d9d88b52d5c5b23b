import {
  type ChangeFreeze,
  CreateChangeFreeze,
  DeleteChangeFreeze,
  ListChangeFreezes,
  OverrideChangeFreeze,
} from '@patchbay/contracts';
import { AppError } from '@patchbay/facts';
import { Command } from 'commander';
import {
  type AccessFlags,
  connect,
  type OutputFlags,
  print,
  withAccess,
  withOutput,
} from '../control-plane-options.ts';
import { addTagLimit } from '../tag-limit-option.ts';
import { wholeNumberOption } from '../whole-number-option.ts';

export class FreezeTimeError extends AppError<'FREEZE_TIME'> {}

type Flags = AccessFlags & OutputFlags;

function describeTime(time: ChangeFreeze['time']): string {
  if (time.kind === 'once') return `${time.startsAt} to ${time.endsAt}`;
  return `${time.durationHours} h from ${time.schedule} ${time.scheduleTimezone}`;
}

/** A freeze with whether it holds, and who may override it. */
export function describeFreeze(freeze: ChangeFreeze): string[] {
  const { name, reason, time, tagLimits, holdsUntil, createdBy, overrides } = freeze;
  const whom = tagLimits.map(({ key, values }) => `${key}=${values.join('|')}`).join(' ');
  return [
    `${name}  ${holdsUntil === null ? 'does not hold now' : `HOLDS until ${holdsUntil}`}  ${describeTime(time)}`,
    `  ${whom === '' ? 'the whole account' : `nodes with ${whom}`}: ${reason} (${createdBy})`,
    ...overrides.map((one) => `  overridden for ${one.principal} until ${one.until}: ${one.reason}`),
  ];
}

interface CreateFlags extends Flags {
  readonly reason: string;
  readonly from?: string;
  readonly until?: string;
  readonly schedule?: string;
  readonly timezone: string;
  readonly hours?: number;
  readonly tag: ChangeFreeze['tagLimits'];
}

/** @throws FreezeTimeError where the options say neither one time nor a recurring one. */
export function readFreezeTime({ from, until, schedule, timezone, hours }: CreateFlags): ChangeFreeze['time'] {
  if (schedule === undefined && hours === undefined && from !== undefined && until !== undefined) {
    return { kind: 'once', startsAt: from, endsAt: until };
  }
  if (from === undefined && until === undefined && schedule !== undefined && hours !== undefined) {
    return { kind: 'recurring', schedule, scheduleTimezone: timezone, durationHours: hours };
  }
  throw new FreezeTimeError(
    'FREEZE_TIME',
    'Give either --from and --until, or --schedule and --hours (and --timezone, which is UTC otherwise).',
  );
}

/** `patchbay freeze`: when nothing may be changed. */
export const freezeCommand = new Command('freeze').description(
  'Say when nothing may be changed: commands that change something are refused then, and maintenance windows wait',
);

withOutput(withAccess(freezeCommand.command('create <name>')))
  .description('Make a freeze')
  .requiredOption('--reason <text>', 'why; every refusal says it')
  .option('--from <time>', 'when it begins: 2026-12-20T00:00:00+01:00')
  .option('--until <time>', 'when it ends')
  .option('--schedule <expression>', 'when it begins, again and again: "cron(0 15 ? * FRI *)"')
  .option('--hours <number>', 'how long it lasts each time', wholeNumberOption)
  .option('--timezone <name>', 'of the schedule', 'UTC')
  .option('--tag <key=value>', 'only nodes that carry it; may be repeated', addTagLimit, [])
  .action(async (name: string, flags: CreateFlags) => {
    const client = await connect(flags);
    const { reason, tag: tagLimits } = flags;
    const { freeze } = await client.call(CreateChangeFreeze, { name, reason, time: readFreezeTime(flags), tagLimits });
    print(freeze, flags, describeFreeze);
  });

withOutput(withAccess(freezeCommand.command('list')))
  .description('Show the freezes, whether they hold, and who may override them')
  .action(async (flags: Flags) => {
    const { freezes } = await (await connect(flags)).call(ListChangeFreezes, {});
    print(freezes, flags, () => (freezes.length === 0 ? ['There are no freezes.'] : freezes.flatMap(describeFreeze)));
  });

withAccess(freezeCommand.command('delete <name>'))
  .description('End a freeze for good')
  .action(async (name: string, flags: AccessFlags) => {
    await (await connect(flags)).call(DeleteChangeFreeze, { name });
    console.log(`${name} is deleted.`);
  });

withOutput(withAccess(freezeCommand.command('override <name>')))
  .description('Change something in spite of a freeze: your own commands, or those of a maintenance window')
  .requiredOption('--reason <text>', 'why; it is kept')
  .option('--hours <number>', 'for how long (1 to 72)', wholeNumberOption, 1)
  .option('--window <id>', 'for this maintenance window instead of for you')
  .action(
    async (
      name: string,
      flags: Flags & { readonly reason: string; readonly hours: number; readonly window?: string },
    ) => {
      const { reason, hours, window } = flags;
      const client = await connect(flags);
      const { freeze } = await client.call(OverrideChangeFreeze, {
        name,
        reason,
        hours,
        ...(window === undefined ? {} : { windowId: window }),
      });
      print(freeze, flags, describeFreeze);
    },
  );
