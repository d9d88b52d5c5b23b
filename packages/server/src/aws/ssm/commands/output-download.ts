import { Readable } from 'node:stream';
import { OutputStream } from '@patchbay/contracts';
import type { Database } from '../../../database/tables.ts';
import { addressOf, type DownloadSource } from '../../../downloads/serve-downloads.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { explainCut, readOutput } from './outputs.ts';
import { findInvocation, listPlugins, type Plugin } from './repository.ts';

/** How long a link to an output can be used: as long as one takes to copy it somewhere. */
const linkLifetimeMilliseconds = 15 * 60_000;

/** An output as a stream of its parts, with a last line that says where it is not all there. */
async function* streamOutput(
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

/** What StandardOutputUrl and StandardErrorUrl lead to. */
export const commandOutputDownloads: DownloadSource = {
  folder: 'command-outputs',
  read: async (name, { db, dependencies }) => {
    const [accountId = '', region = '', commandId = '', instanceId = '', pluginName, streamName] = name;
    const stream = OutputStream.parse(streamName);
    const invocation = await findInvocation(db, { accountId, region }, commandId, instanceId);
    const plugins = invocation ? await listPlugins(db, [invocation]) : [];
    const plugin = plugins.find((each) => each.pluginName === pluginName);
    if (!plugin) return undefined;
    const parts = streamOutput(db, plugin, stream, dependencies.commandOutputLimitBytes);
    return { contentType: 'text/plain; charset=utf-8', body: Readable.from(parts, { objectMode: false }) };
  },
};

/** A link that needs no signature of its own and works for a quarter of an hour; empty where there is no output. */
export function linkToOutput(plugin: Plugin, stream: OutputStream, context: OperationContext): string {
  const text = stream === 'stdout' ? plugin.standardOutput : plugin.standardError;
  if (text === '') return '';
  const { accountId, commandId, instanceId, pluginName } = plugin;
  const name = [accountId, context.region, commandId, instanceId, pluginName, stream];
  return addressOf(commandOutputDownloads, name, linkLifetimeMilliseconds, context);
}
