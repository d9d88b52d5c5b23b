import { mostOutputBytes, type OutputStream } from '@patchbay/contracts';
import type { Database } from '../../../database/tables.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { CommandError } from './errors.ts';
import { findChunk, insertChunk, lockStream, measureStream } from './output-repository.ts';
import { findDelivered, messageId } from './replies.ts';
import { listPlugins, type Plugin } from './repository.ts';

export interface OutputChunk {
  readonly commandId: string;
  readonly stepName: string;
  readonly stream: OutputStream;
  readonly startByte: number;
  /** Base64. */
  readonly content: string;
}

/**
 * Takes a part of an output that is longer than a reply holds. A part that is known, or that leaves a gap, changes nothing;
 * the answer says where to go on.
 */
export async function storeOutputChunk(
  instanceId: string,
  chunk: OutputChunk,
  context: OperationContext,
): Promise<{ nextByte: number; isFull: boolean }> {
  const { db } = context;
  const invocation = await findDelivered(messageId(chunk.commandId, instanceId), context);
  const plugin = findStep(await listPlugins(db, [invocation]), chunk.stepName);
  const key = { ...plugin, stream: chunk.stream };
  await lockStream(db, key);
  const nextByte = await measureStream(db, key);
  const limit = context.dependencies.commandOutputLimitBytes;
  const isFull = nextByte >= limit;
  const bytes = Buffer.from(chunk.content, 'base64');
  const content = bytes.subarray(0, Math.max(0, limit - nextByte));
  if (chunk.startByte !== nextByte || content.length === 0) return { nextByte, isFull };
  const { accountId, requestedAt, commandId, pluginName } = plugin;
  const endByte = nextByte + content.length;
  await insertChunk(db, {
    accountId,
    requestedAt,
    commandId,
    instanceId,
    pluginName,
    stream: chunk.stream,
    startByte: nextByte,
    endByte,
    content,
  });
  return { nextByte: endByte, isFull: endByte >= limit };
}

/** One step by its name; without a name the only one. */
export function findStep(plugins: readonly Plugin[], stepName: string | undefined): Plugin {
  const plugin =
    stepName === undefined && plugins.length === 1 ? plugins[0] : plugins.find((each) => each.pluginName === stepName);
  if (plugin) return plugin;
  const names = plugins.map((each) => each.pluginName).join(', ');
  throw new CommandError('PLUGIN_NAME', `PluginName must be one of the document's steps: ${names}.`);
}

/** Part of an output, from a byte on. */
export interface OutputPart {
  readonly content: Buffer;
  readonly nextByte: number;
  readonly isComplete: boolean;
  readonly wholeBytes: number | null;
}

/**
 * Reads the output of a step: what was uploaded, and where nothing was, what the reply held. A longer output of which
 * only the beginning has come is not complete, unless it never will be.
 */
export async function readOutput(
  db: Database,
  plugin: Plugin,
  stream: OutputStream,
  startByte: number,
  limitBytes: number,
): Promise<OutputPart> {
  const key = { ...plugin, stream };
  const inline = Buffer.from(stream === 'stdout' ? plugin.standardOutput : plugin.standardError);
  const announced = stream === 'stdout' ? plugin.wholeOutputBytes : plugin.wholeErrorBytes;
  const isEnded = plugin.finishedAt !== null;
  if (announced === null) {
    const content = inline.subarray(startByte);
    return { content, nextByte: inline.length, isComplete: isEnded, wholeBytes: isEnded ? inline.length : null };
  }
  const chunk = await findChunk(db, key, startByte);
  const content = chunk ? chunk.content.subarray(startByte - chunk.startByte) : Buffer.alloc(0);
  const nextByte = startByte + content.length;
  return { content, nextByte, isComplete: nextByte >= Math.min(announced, limitBytes), wholeBytes: announced };
}

/** What to say below an output that is not whole; empty where it is. */
export function explainCut({ isComplete, nextByte, wholeBytes }: OutputPart, limitBytes: number): string {
  if (!isComplete) return '\n--- the output goes on; the rest has not come yet ---\n';
  if (wholeBytes === null || nextByte >= wholeBytes) return '';
  const kept = Math.min(limitBytes, mostOutputBytes);
  return `\n--- the output goes on to ${wholeBytes} bytes; the first ${kept} are kept ---\n`;
}
