import type { PatchOrder } from '@patchbay/contracts';
import {
  type CommandDocument,
  type ParameterValues,
  patcherOrderOf,
  runsPatcherOnly,
  textOf,
  writeForOtherAgent,
} from '@patchbay/patching';
import type { OperationContext } from '../../operations/operation.ts';
import type { Command } from '../ssm/commands/repository.ts';
import { findNode } from '../ssm/instances/repository.ts';

/** As our agent calls itself in UpdateInstanceInformation. */
const ownAgentName = 'patchbay-agent';

/** Whether a node said that its agent is another one than ours: Amazon's says `amazon-ssm-agent`. */
export async function hasOtherAgent(instanceId: string, context: OperationContext): Promise<boolean> {
  const agentName = (await findNode(context.db, context, instanceId))?.agentName ?? null;
  return agentName !== null && agentName !== ownAgentName;
}

/**
 * What such an agent reads of a command. A String parameter is one text there and not a list of one, since the agent puts
 * it into the document as it comes (seen with Amazon's agent 3.3); and it checks no signature.
 */
export async function writeCommandForOtherAgent(
  instanceId: string,
  command: Command,
  content: CommandDocument,
  values: ParameterValues,
  context: OperationContext,
): Promise<{ readonly Parameters: ParameterValues; readonly DocumentContent: CommandDocument }> {
  const given = Object.keys(command.parameters);
  return {
    Parameters: Object.fromEntries(Object.entries(values).filter(([name]) => given.includes(name))),
    DocumentContent: writeForOtherAgent(command.documentName, content, {
      origin: context.origin,
      packages: runsPatcherOnly(command.documentName)
        ? await context.dependencies.agentPackages.listNewestSigned()
        : [],
      order: await writeOrder(instanceId, command, values, context),
    }),
  };
}

async function writeOrder(
  instanceId: string,
  { commandId, documentName }: Command,
  values: ParameterValues,
  { origin, region, dependencies: { signingKey, agentPackages } }: OperationContext,
): Promise<string> {
  const order: PatchOrder = {
    endpoint: origin,
    region,
    instanceId,
    commandId,
    ...(patcherOrderOf(documentName, values) ?? {
      operation: values['Operation'] === 'Install' ? 'Install' : 'Scan',
      rebootOption: values['RebootOption'] === 'NoReboot' ? 'NoReboot' : 'RebootIfNeeded',
    }),
    snapshotId: textOf(values, 'SnapshotId'),
    signingKey: { keyId: signingKey.keyId, publicKey: signingKey.publicKey },
    releaseKey: await agentPackages.readReleaseKey(),
  };
  return Buffer.from(JSON.stringify(order)).toString('base64');
}
