import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { authorizationText, type CommandAuthorization } from '@patchbay/contracts';
import { contentDigest } from '@patchbay/facts/digest';
import { builtInDocuments } from '@patchbay/patching';
import type { PinnedKey } from '../authorization.ts';
import type { Message } from '../commands/command-message.ts';

export const nodeId = 'mi-0123456789abcdef0';
export const commandId = '11111111-2222-3333-4444-555555555555';

export interface TestSigningKey extends PinnedKey {
  readonly privateKey: KeyObject;
}

export function createTestSigningKey(): TestSigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const der = publicKey.export({ format: 'der', type: 'spki' });
  const keyId = createHash('sha256').update(der).digest('hex').slice(0, 16);
  return { keyId, publicKey: der.toString('base64'), privateKey };
}

export interface TestCommand {
  readonly nodeId?: string;
  readonly commandId?: string;
  readonly documentName?: string;
  readonly documentContent?: unknown;
  readonly parameters?: Readonly<Record<string, readonly string[]>>;
  readonly nested?: Readonly<Record<string, unknown>>;
  readonly expiresAt?: string;
  /** Changes to what is signed, behind the signature's back or before it. */
  readonly signed?: Partial<CommandAuthorization>;
}

export function signAuthorization(authorization: CommandAuthorization, key: TestSigningKey): object {
  const signature = sign(null, Buffer.from(authorizationText(authorization)), key.privateKey).toString('base64');
  return { authorization, keyId: key.keyId, signature };
}

/** The payload as the control plane writes it. */
export function writePayload(command: TestCommand, key: TestSigningKey): Record<string, unknown> {
  const name = command.documentName ?? 'AWS-RunPatchBaseline';
  const content = command.documentContent ?? builtInDocuments[name];
  const parameters = command.parameters ?? { Operation: ['Scan'] };
  const authorization: CommandAuthorization = {
    kind: 'command',
    nodeId: command.nodeId ?? nodeId,
    commandId: command.commandId ?? commandId,
    documentName: name,
    documentDigest: contentDigest(content),
    parametersDigest: contentDigest(parameters),
    ...(command.nested === undefined ? {} : { nestedDigest: contentDigest(command.nested) }),
    expiresAt: command.expiresAt ?? '2026-11-22T12:00:00.000Z',
    ...command.signed,
  };
  return {
    Parameters: parameters,
    DocumentContent: content,
    CommandId: command.commandId ?? commandId,
    DocumentName: name,
    OutputS3KeyPrefix: '',
    OutputS3BucketName: '',
    CloudWatchLogGroupName: '',
    CloudWatchOutputEnabled: 'false',
    ...(command.nested === undefined ? {} : { PatchbayDocuments: command.nested }),
    PatchbayAuthorization: signAuthorization(authorization, key),
  };
}

export function writeMessage(command: TestCommand, key: TestSigningKey): Message {
  return {
    MessageId: `aws.ssm.${command.commandId ?? commandId}.${command.nodeId ?? nodeId}`,
    Topic: 'aws.ssm.sendCommand.us-east-1',
    Payload: JSON.stringify(writePayload(command, key)),
  };
}

/** A 2.2 document with shell steps: name and script lines or whole inputs. */
export function shellDocument(
  steps: readonly {
    readonly name: string;
    readonly inputs: Record<string, unknown>;
    readonly [key: string]: unknown;
  }[],
  parameters: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    schemaVersion: '2.2',
    parameters,
    mainSteps: steps.map((step) => ({ action: 'aws:runShellScript', ...step })),
  };
}
