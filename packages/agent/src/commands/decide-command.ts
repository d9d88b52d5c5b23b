import { builtInDocuments, CommandDocument, type ParameterValues, resolveParameters } from '@patchbay/patching';
import { z } from 'zod';
import { explainUnauthorized, type PinnedKey } from '../authorization.ts';
import type { AgentUpdateRequest } from '../patch-run.ts';
import { explainForbiddenDocument, type PolicyReading } from '../policy/node-policy-file.ts';
import type { SelfUpdateSettings } from '../self-update/index.ts';
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
  | { readonly kind: 'update-agent'; readonly update: AgentUpdateRequest }
  | { readonly kind: 'document'; readonly document: CommandDocument; readonly values: ParameterValues };

export interface CommandFacts {
  readonly commandId: string;
  readonly payload: string;
  readonly instanceId: string;
  readonly signingKey: PinnedKey;
  readonly policy: PolicyReading;
  readonly policyFile: string;
  /** Null where this agent was not installed from its package. */
  readonly selfUpdate: SelfUpdateSettings | null;
  readonly now: Date;
}

const patchDocumentName = 'AWS-RunPatchBaseline';
/** The name under which the control plane shows the result of patching. */
export const patchStep = { name: 'PatchLinux', action: 'aws:runShellScript' } as const;

const updateDocumentName = 'AWS-UpdateSSMAgent';
/** The step of an update of the agent, named as in AWS's document. */
export const updateStep = { name: 'updateSsmAgent', action: 'aws:updateSsmAgent' } as const;

const UpdateParameters = z.object({ version: z.string(), allowDowngrade: z.enum(['true', 'false']) });

const PatchParameters = z.object({
  Operation: z.enum(['Scan', 'Install']),
  RebootOption: z.enum(['RebootIfNeeded', 'NoReboot']),
  SnapshotId: z.string(),
  InstallOverrideList: z.string(),
  BaselineOverride: z.string(),
  AssociationId: z.string(),
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
  if (payload.DocumentName === updateDocumentName) return decideUpdate(payload, facts.selfUpdate);
  const forbidden = explainForbiddenDocument(facts.policy, payload.DocumentName, facts.policyFile);
  if (forbidden !== null) return refuse(forbidden, step);
  return decideDocument(payload, step);
}

function refuse(reason: string, step: { name: string; action: string } | null): CommandDecision {
  return { kind: 'refuse', reason, step };
}

function decidePatching(payload: CommandPayload): CommandDecision {
  const resolved = resolveParameters(builtInDocument(patchDocumentName), payload.Parameters);
  if (!resolved.ok) return refuse(resolved.problems.map(({ message }) => message).join('; '), patchStep);
  const parameters = PatchParameters.parse(resolved.values);
  const unsupported = (['InstallOverrideList', 'BaselineOverride', 'AssociationId'] as const).find(
    (name) => parameters[name] !== '',
  );
  if (unsupported !== undefined) {
    return refuse(`The parameter ${unsupported} is not supported yet: leave it empty.`, patchStep);
  }
  return {
    kind: 'patch',
    operation: parameters.Operation,
    rebootOption: parameters.RebootOption,
    snapshotId: parameters.SnapshotId,
  };
}

/**
 * Allowed by every node policy: what is installed is the agent itself, vouched for by the release key that this node pinned.
 * As with patching, the content of the document is not run.
 */
function decideUpdate(payload: CommandPayload, selfUpdate: SelfUpdateSettings | null): CommandDecision {
  if (selfUpdate === null) {
    const reason =
      'This agent was not installed from the package patchbay-agent, so it cannot update itself: update what it runs from.';
    return refuse(reason, updateStep);
  }
  if (!selfUpdate.isAllowed) {
    return refuse(
      'The settings of this node allow no updates of its agent. Its owner can change that; the control plane cannot.',
      updateStep,
    );
  }
  const resolved = resolveParameters(builtInDocument(updateDocumentName), payload.Parameters);
  if (!resolved.ok) return refuse(resolved.problems.map(({ message }) => message).join('; '), updateStep);
  const { version, allowDowngrade } = UpdateParameters.parse(resolved.values);
  const { reportInSeconds } = selfUpdate;
  return { kind: 'update-agent', update: { version, allowDowngrade: allowDowngrade === 'true', reportInSeconds } };
}

function builtInDocument(name: string): CommandDocument {
  const document = builtInDocuments[name];
  if (document === undefined) throw new RangeError(`${name} is not built in`);
  return document;
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
