import { createLogger, readServerConfig, startServer } from '@patchbay/server';

/**
 * The control plane in a process of its own, with its parent's questions about memory answered over the channel of
 * `fork`: only inside can garbage be collected before the heap is measured. Started with `--expose-gc`.
 */
export type ServerMessage =
  | { readonly kind: 'ready'; readonly url: string; readonly accountId: string }
  | { readonly kind: 'heap'; readonly bytes: number };

const [data = ''] = process.argv.slice(2);

function tell(message: ServerMessage): void {
  process.send?.(message);
}

const server = await startServer(
  // Nobody ends the patch commands of earlier scenes, or deletes their pipelines; each scene needs room for its own.
  readServerConfig({ port: '0', data, patchingNodes: 'unlimited', quota: ['image-pipelines=unlimited'] }, {}),
  createLogger({ level: 'warn' }),
  (error) => {
    throw error;
  },
);

process.on('message', () => {
  globalThis.gc?.();
  tell({ kind: 'heap', bytes: process.memoryUsage().heapUsed });
});
process.once('disconnect', () => {
  void server.stop();
});
tell({ kind: 'ready', url: server.url, accountId: server.accountId });
