import {
  builtInDocuments,
  CommandDocument,
  type ParameterValues,
  patchDocumentName,
  resolveParameters,
} from '@patchbay/patching';
import { z } from 'zod';
import { explainUnauthorized, type PinnedKey } from '../authorization.ts';
import { explainForbiddenDocument, type PolicyReading } from '../policy/node-policy-file.ts';
import { CommandPayload, parsePayload } from './command-message.ts';

/** What is done about a received command. */
export type CommandDecision =
  | { readonly kind: 'refuse'; readonly reason: string; readonly step: { name: string; action: string } | null }
  | {
      readonly kind: 'patch';
      readonly operation: 'Scan' | 'Install';
      readonly rebootOption: 'RebootIfNeeded' | 'NoReboot';
      readonly snapshotId: string;
    }
  | { readonly kind: 'document'; readonly document: CommandDocument; readonly values: ParameterValues };

export interface CommandFacts {
  readonly commandId: string;
  readonly payload: string;
  readonly instanceId: string;
  readonly signingKey: PinnedKey;
  readonly policy: PolicyReading;
  readonly policyFile: string;
  readonly now: Date;
}

/** The name under which the control plane shows the result of patching. */
export const patchStep = { name: 'PatchLinux', action: 'aws:runShellScript' } as const;

/** What the agent needs of the parameters; overrides are read and applied by the control plane, which knows the command. */
const PatchParameters = z.object({
  Operation: z.enum(['Scan', 'Install']),
  RebootOption: z.enum(['RebootIfNeeded', 'NoReboot']),
  SnapshotId: z.string(),
});

/**
 * Checks a command and says what to do about it: signature first, then the owner's policy, then whether it makes sense.
 * Of AWS-RunPatchBaseline only the parameters count; its content is never run.
 */
export function decideCommand(facts: CommandFacts): CommandDecision {
  const payload = parsePayload(facts.payload, CommandPayload);
  if (payload === null) return refuse('The command cannot be read: its payload has not the form of a command.', null);
  const step = findFirstStep(payload);
  if (payload.CommandId !== facts.commandId) {
    return refuse('The command id of the payload is another than that of the message.', step);
  }
  const unauthorized = explainUnauthorized(
    {
      nodeId: facts.instanceId,
      commandId: facts.commandId,
      documentName: payload.DocumentName,
      documentContent: payload.DocumentContent,
      parameters: payload.Parameters,
      authorization: payload.PatchbayAuthorization,
    },
    facts.signingKey,
    facts.now,
  );
  if (unauthorized !== null) return refuse(unauthorized, step);
  if (payload.DocumentName === patchDocumentName) return decidePatching(payload);
  const forbidden = explainForbiddenDocument(facts.policy, payload.DocumentName, facts.policyFile);
  if (forbidden !== null) return refuse(forbidden, step);
  return decideDocument(payload, step);
}

function refuse(reason: string, step: { name: string; action: string } | null): CommandDecision {
  return { kind: 'refuse', reason, step };
}

function decidePatching(payload: CommandPayload): CommandDecision {
  const document = builtInDocuments[patchDocumentName];
  if (document === undefined) throw new RangeError(`${patchDocumentName} is not built in`);
  const resolved = resolveParameters(document, payload.Parameters);
  if (!resolved.ok) return refuse(resolved.problems.map(({ message }) => message).join('; '), patchStep);
  const parameters = PatchParameters.parse(resolved.values);
  return {
    kind: 'patch',
    operation: parameters.Operation,
    rebootOption: parameters.RebootOption,
    snapshotId: parameters.SnapshotId,
  };
}

function decideDocument(payload: CommandPayload, step: { name: string; action: string } | null): CommandDecision {
  const document = CommandDocument.safeParse(payload.DocumentContent);
  if (!document.success) {
    const [issue] = document.error.issues;
    const where = issue?.path.join('.') ?? '';
    return refuse(`${payload.DocumentName} is no document of schema 2.2: ${issue?.message ?? ''} at '${where}'`, step);
  }
  const resolved = resolveParameters(document.data, payload.Parameters);
  if (!resolved.ok) return refuse(resolved.problems.map(({ message }) => message).join('; '), step);
  return { kind: 'document', document: document.data, values: resolved.values };
}

/** Where to show a refusal: people look at the result of a step. */
function findFirstStep(payload: CommandPayload): { name: string; action: string } | null {
  const Steps = z.looseObject({ mainSteps: z.array(z.looseObject({ name: z.string(), action: z.string() })) });
  const [first] = Steps.safeParse(payload.DocumentContent).data?.mainSteps ?? [];
  return first === undefined ? null : { name: first.name, action: first.action };
}
