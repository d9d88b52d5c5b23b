import { summarizeCommand } from '@patchbay/patching';
import type { OperationContext } from '../../../operations/operation.ts';
import { keepWithinReach } from '../instances/repository.ts';
import { describeOpen } from './advance.ts';
import { listProgress, nothingDone, type Progress } from './progress-repository.ts';
import { type Command, type CommandQuery, listCommands } from './repository.ts';

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region' | 'reach'>;

/** Some commands, and the last that was looked at where there may be more. */
export interface CommandPage {
  readonly commands: readonly Command[];
  readonly last: Command | undefined;
}

/** The target that names nodes; the others name tags, which say nothing about a node. */
const nodesTarget = 'InstanceIds';

/** The state of a command as if it had been sent to the nodes of this progress alone. */
function limitState(command: Command, { counts, ...open }: Progress): Partial<Command> {
  const { queued, running, succeeded, failed, cancelled, undelivered, undeliverable } = counts;
  const completedCount = succeeded + failed + cancelled + undelivered + undeliverable;
  return {
    ...(queued + running === 0 ? summarizeCommand(command, counts) : describeOpen({ counts, ...open })),
    targetCount: completedCount + queued + running,
    completedCount,
    errorCount: failed,
    deliveryTimedOutCount: undelivered,
  };
}

async function limitToReach(commands: readonly Command[], context: Context): Promise<Command[]> {
  const { db, reach } = context;
  const commandIds = commands.map(({ commandId }) => commandId);
  const progress = await listProgress(db, commandIds, { scope: context, reach });
  const named = commands.flatMap(({ instanceIds, targets }) => [
    ...instanceIds,
    ...targets.filter(({ key }) => key === nodesTarget).flatMap(({ values }) => values),
  ]);
  const kept = new Set(['*', ...(await keepWithinReach(db, context, [...new Set(named)], reach))]);
  const keep = (ids: readonly string[]) => ids.filter((id) => kept.has(id));
  return commands.map((command) => ({
    ...command,
    ...limitState(command, progress.get(command.commandId) ?? nothingDone),
    instanceIds: keep(command.instanceIds),
    targets: command.targets.map(({ key, values }) => ({ key, values: key === nodesTarget ? keep(values) : values })),
  }));
}

/** A list is looked through for a status in batches of this size, and for so many batches in one call. */
const batchSize = 50;
const mostBatches = 20;

/**
 * One page of commands, newest first. To a caller with limits a command is what it was for the nodes within reach: their
 * counts, their status, and filtered by that. Such a status is stored nowhere, so a page may be short, as AWS's may.
 */
export async function listCommandsInReach(query: CommandQuery, context: Context): Promise<CommandPage> {
  const { db } = context;
  const { limit } = query;
  if (context.reach.length === 0) {
    const found = await listCommands(db, context, { ...query, limit: limit + 1 });
    return { commands: found.slice(0, limit), last: found.length > limit ? found[limit - 1] : undefined };
  }
  const { status, stageStatuses, ...others } = query;
  const isWanted = (command: Command) =>
    (status === undefined || command.status === status || command.statusDetails === status) &&
    (stageStatuses === undefined || stageStatuses.includes(command.status));
  const commands: Command[] = [];
  let last: Command | undefined;
  for (let batches = 0; batches < mostBatches; batches += 1) {
    const after = last === undefined ? query.after : { ...last, instanceId: '' };
    const batch = await listCommands(db, context, { ...others, after, limit: batchSize });
    for (const command of (await limitToReach(batch, context)).filter(isWanted)) {
      if (commands.length === limit) return { commands, last: commands.at(-1) };
      commands.push(command);
    }
    if (batch.length < batchSize) return { commands, last: undefined };
    last = batch.at(-1);
  }
  return { commands, last };
}
