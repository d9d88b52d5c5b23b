import { GetCommandOutput, UploadCommandOutput } from '@patchbay/contracts';
import { CommandError, commandErrors } from '../aws/ssm/commands/errors.ts';
import { findStep, readOutput, storeOutputChunk } from '../aws/ssm/commands/outputs.ts';
import { findInvocation, listPlugins } from '../aws/ssm/commands/repository.ts';
import type { OperationContext } from '../operations/operation.ts';
import { fulfil } from '../operations/registry.ts';
import { nodeResource } from '../operations/resources.ts';

function callingNode({ principal }: OperationContext): string {
  return principal.kind === 'node' ? principal.instanceId : '';
}

/** Outputs of commands, whole: nodes hand them in, people read them. */
export const commandOutputContracts = [
  fulfil(UploadCommandOutput, {
    errors: commandErrors,
    resource: (_input, context) => nodeResource(context, callingNode(context)),
    handle: (input, context) => storeOutputChunk(callingNode(context), input, context),
  }),
  fulfil(GetCommandOutput, {
    errors: commandErrors,
    resource: (input, context) => nodeResource(context, input.instanceId),
    handle: async ({ commandId, instanceId, stepName, stream, startByte }, context) => {
      const invocation = await findInvocation(context.db, context, commandId, instanceId);
      if (!invocation) {
        throw new CommandError('INVOCATION_NOT_FOUND', `There is no command ${commandId} on ${instanceId}.`);
      }
      const plugins = await listPlugins(context.db, [invocation]);
      const plugin = findStep(plugins, stepName ?? (plugins.length > 1 ? plugins[0]?.pluginName : undefined));
      const limitBytes = context.dependencies.commandOutputLimitBytes;
      const part = await readOutput(context.db, plugin, stream, startByte, limitBytes);
      // A step that never ended has nothing more to say once its invocation has.
      const isOver = invocation.finishedAt !== null && plugin.finishedAt === null;
      return {
        stepNames: plugins.map((each) => each.pluginName),
        content: part.content.toString('base64'),
        nextByte: part.nextByte,
        isComplete: part.isComplete || isOver,
        wholeBytes: part.wholeBytes,
        statusDetails: invocation.statusDetails,
      };
    },
  }),
];
