import { decodePageToken, encodePageToken } from '@patchbay/aws-wire';
import { mostOutputBytes, OutputStream } from '@patchbay/contracts';
import { z } from 'zod';
import type { Database } from '../../../database/tables.ts';
import type { Dependencies } from '../../../dependencies.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { CommandError } from './errors.ts';
import { findChunk, insertChunk, lockStream, measureStream } from './output-repository.ts';
import { findDelivered, messageId } from './replies.ts';
import { findInvocation, type Invocation, listPlugins, type Plugin } from './repository.ts';

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

/** How long a link to an output can be used: as long as one takes to copy it somewhere. */
const linkLifetimeMilliseconds = 15 * 60_000;

const Link = z.object({
  accountId: z.string(),
  region: z.string(),
  commandId: z.string(),
  instanceId: z.string(),
  pluginName: z.string(),
  stream: OutputStream,
  expiresAt: z.number(),
});
type Link = z.infer<typeof Link>;

const bindingOf = (dependencies: Pick<Dependencies, 'pageTokenKey'>) => ({
  key: dependencies.pageTokenKey,
  operation: 'patchbay:command-output',
  filters: [],
});

/** A link that needs no signature of its own and works for a quarter of an hour; empty where there is no output. */
export function linkToOutput(plugin: Plugin, stream: OutputStream, region: string, context: OperationContext): string {
  const text = stream === 'stdout' ? plugin.standardOutput : plugin.standardError;
  if (text === '') return '';
  const { accountId, commandId, instanceId, pluginName } = plugin;
  const expiresAt = context.now.getTime() + linkLifetimeMilliseconds;
  const link: Link = { accountId, region, commandId, instanceId, pluginName, stream, expiresAt };
  return `${context.origin}/command-output?token=${encodePageToken(bindingOf(context.dependencies), link)}`;
}

/** What a link leads to; undefined for one that is forged, has expired, or whose output is gone. */
export async function followOutputLink(
  token: string,
  db: Database,
  dependencies: Dependencies,
): Promise<{ readonly plugin: Plugin; readonly stream: OutputStream } | undefined> {
  const decoded = decodePageToken(bindingOf(dependencies), token, Link);
  if (decoded.status === 'invalid' || decoded.position.expiresAt <= dependencies.clock().getTime()) return undefined;
  const { stream, pluginName, commandId, instanceId, ...scope } = decoded.position;
  const invocation: Invocation | undefined = await findInvocation(db, scope, commandId, instanceId);
  const plugins = invocation ? await listPlugins(db, [invocation]) : [];
  const plugin = plugins.find((each) => each.pluginName === pluginName);
  return plugin && { plugin, stream };
}

/** An output as a stream of its parts, with a last line that says where it is not all there. */
export async function* streamOutput(
  db: Database,
  plugin: Plugin,
  stream: OutputStream,
  limitBytes: number,
): AsyncGenerator<Buffer> {
  let startByte = 0;
  for (;;) {
    const part = await readOutput(db, plugin, stream, startByte, limitBytes);
    if (part.content.length > 0) yield part.content;
    startByte = part.nextByte;
    if (part.isComplete || part.content.length === 0) {
      const mark = explainCut(part, limitBytes);
      if (mark !== '') yield Buffer.from(mark);
      return;
    }
  }
}

/** What to say below an output that is not whole; empty where it is. */
export function explainCut({ isComplete, nextByte, wholeBytes }: OutputPart, limitBytes: number): string {
  if (!isComplete) return '\n--- the output goes on; the rest has not come yet ---\n';
  if (wholeBytes === null || nextByte >= wholeBytes) return '';
  const kept = Math.min(limitBytes, mostOutputBytes);
  return `\n--- the output goes on to ${wholeBytes} bytes; the first ${kept} are kept ---\n`;
}
