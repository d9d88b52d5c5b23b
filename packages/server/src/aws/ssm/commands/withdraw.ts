import type { OperationContext } from '../../../operations/operation.ts';
import { advanceCommand } from './advance.ts';
import { listCommandsWaitingFor, updateInvocations } from './repository.ts';

/** Ends what still waits for a node that will not come back: it can neither be delivered nor answered any more. */
export async function withdrawCommands(instanceId: string, context: OperationContext): Promise<void> {
  for (const commandId of await listCommandsWaitingFor(context.db, instanceId)) {
    await updateInvocations(context.db, commandId, [instanceId], {
      status: 'Failed',
      statusDetails: 'Undeliverable',
      traceOutput: 'The node was deregistered before the command ended.',
      finishedAt: context.now,
    });
    await advanceCommand(commandId, context);
  }
}
