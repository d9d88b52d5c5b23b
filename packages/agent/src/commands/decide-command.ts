import { canonicalJson } from '@patchbay/facts';
import {
  applyDocumentName,
  builtInDocuments,
  CommandDocument,
  documentNameIn,
  hookSteps,
  hooksDocumentName,
  type NestedDocuments,
  noop,
  noopDocumentName,
  type ParameterValues,
  patchDocumentName,
  patcherOrderOf,
  planDocumentName,
  resolveParameters,
  runPatchBaselineWithHooks,
  textOf,
} from '@patchbay/patching';
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
  | ({ readonly kind: 'hooks' } & HooksRequest)
  | {
      readonly kind: 'document';
      readonly document: CommandDocument;
      readonly values: ParameterValues;
      readonly nested: NestedDocuments;
    };

/** What AWS-RunPatchBaselineWithHooks was asked to do. */
export interface HooksRequest {
  readonly operation: 'Scan' | 'Install';
  readonly rebootOption: 'RebootIfNeeded' | 'NoReboot';
  readonly snapshotId: string;
  /** Of its hooks, by step name. */
  readonly hookNames: ReadonlyMap<string, string>;
  readonly nested: NestedDocuments;
}

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

/** The name under which the control plane shows the result of patching. */
export const patchStep = { name: 'PatchLinux', action: 'aws:runShellScript' } as const;

const updateDocumentName = 'AWS-UpdateSSMAgent';
/** The step of an update of the agent, named as in AWS's document. */
export const updateStep = { name: 'updateSsmAgent', action: 'aws:updateSsmAgent' } as const;

const UpdateParameters = z.object({ version: z.string(), allowDowngrade: z.enum(['true', 'false']) });

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
      nestedDocuments: payload.PatchbayDocuments,
      authorization: payload.PatchbayAuthorization,
    },
    facts.signingKey,
    facts.now,
  );
  if (unauthorized !== null) return refuse(unauthorized, step);
  if (payload.DocumentName === patchDocumentName) return decidePatching(payload);
  if (payload.DocumentName === planDocumentName || payload.DocumentName === applyDocumentName)
    return decidePlan(payload);
  if (payload.DocumentName === updateDocumentName) return decideUpdate(payload, facts.selfUpdate);
  const nested = readNested(payload);
  if (nested === null) return refuse('A document that its steps run is no document of schema 2.2.', step);
  const isHooks = payload.DocumentName === hooksDocumentName;
  // Whose content runs needs the owner's leave: for patching with hooks these are the hooks.
  const names = [...(isHooks ? [] : [payload.DocumentName]), ...nested.keys()];
  for (const name of names) {
    const isHarmless = name === noopDocumentName && isNoop(nested.get(name));
    const forbidden = isHarmless
      ? null
      : explainForbiddenDocument(facts.policy, documentNameIn(name), facts.policyFile);
    if (forbidden !== null) return refuse(forbidden, step);
  }
  return isHooks ? decideHooks(payload, nested, step) : decideDocument(payload, nested, step);
}

function refuse(reason: string, step: { name: string; action: string } | null): CommandDecision {
  return { kind: 'refuse', reason, step };
}

function decidePatching(payload: CommandPayload): CommandDecision {
  const resolved = resolveParameters(builtInDocument(patchDocumentName), payload.Parameters);
  if (!resolved.ok) return refuse(resolved.problems.map(({ message }) => message).join('; '), patchStep);
  const parameters = PatchParameters.parse(resolved.values);
  return {
    kind: 'patch',
    operation: parameters.Operation,
    rebootOption: parameters.RebootOption,
    snapshotId: parameters.SnapshotId,
  };
}

/** Which plan it is, the control plane knows by the command: it decides what the plan lets happen here. */
function decidePlan(payload: CommandPayload): CommandDecision {
  const resolved = resolveParameters(builtInDocument(payload.DocumentName), payload.Parameters);
  if (!resolved.ok) return refuse(resolved.problems.map(({ message }) => message).join('; '), patchStep);
  const order = patcherOrderOf(payload.DocumentName, resolved.values);
  if (order === null) throw new RangeError(`${payload.DocumentName} has nothing to do with plans`);
  return { kind: 'patch', ...order, snapshotId: '' };
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

function readNested(payload: CommandPayload): NestedDocuments | null {
  const nested = new Map<string, CommandDocument>();
  for (const [name, content] of Object.entries(payload.PatchbayDocuments ?? {})) {
    const document = CommandDocument.safeParse(content);
    if (!document.success) return null;
    nested.set(name, document.data);
  }
  return nested;
}

/** Whether this is the document that does nothing, by its content: its name alone could be anybody's. */
function isNoop(document: CommandDocument | undefined): boolean {
  return document !== undefined && canonicalJson(document) === canonicalJson(noop);
}

/** What a command that patches with hooks asks for; null where its parameters do not fit. */
export function readHooksRequest(payload: CommandPayload): HooksRequest | null {
  const resolved = resolveParameters(runPatchBaselineWithHooks, payload.Parameters);
  const nested = readNested(payload);
  if (!resolved.ok || nested === null) return null;
  const parameters = PatchParameters.parse(resolved.values);
  return {
    operation: parameters.Operation,
    rebootOption: parameters.RebootOption,
    snapshotId: parameters.SnapshotId,
    hookNames: new Map(
      hookSteps.flatMap((each) => (each.kind === 'hook' ? [[each.name, textOf(resolved.values, each.parameter)]] : [])),
    ),
    nested,
  };
}

function decideHooks(
  payload: CommandPayload,
  nested: NestedDocuments,
  step: { name: string; action: string } | null,
): CommandDecision {
  const resolved = resolveParameters(runPatchBaselineWithHooks, payload.Parameters);
  if (!resolved.ok) return refuse(resolved.problems.map(({ message }) => message).join('; '), step);
  const request = readHooksRequest(payload);
  const missing = [...(request?.hookNames.values() ?? [])].find((name) => !nested.has(name));
  if (request === null || missing !== undefined) {
    return refuse(`The control plane did not send the document ${missing ?? ''} along.`, step);
  }
  return { kind: 'hooks', ...request };
}

function decideDocument(
  payload: CommandPayload,
  nested: NestedDocuments,
  step: { name: string; action: string } | null,
): CommandDecision {
  const document = CommandDocument.safeParse(payload.DocumentContent);
  if (!document.success) {
    const [issue] = document.error.issues;
    const where = issue?.path.join('.') ?? '';
    return refuse(`${payload.DocumentName} is no document of schema 2.2: ${issue?.message ?? ''} at '${where}'`, step);
  }
  const resolved = resolveParameters(document.data, payload.Parameters);
  if (!resolved.ok) return refuse(resolved.problems.map(({ message }) => message).join('; '), step);
  return { kind: 'document', document: document.data, values: resolved.values, nested };
}

/** Where to show a refusal: people look at the result of a step. */
function findFirstStep(payload: CommandPayload): { name: string; action: string } | null {
  const Steps = z.looseObject({ mainSteps: z.array(z.looseObject({ name: z.string(), action: z.string() })) });
  const [first] = Steps.safeParse(payload.DocumentContent).data?.mainSteps ?? [];
  return first === undefined ? null : { name: first.name, action: first.action };
}
