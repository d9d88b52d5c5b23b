import { ListChangeFreezes } from '@patchbay/contracts';
import { readSuccess } from '../../packages/server/src/test-support/send-request.ts';
import type { NodeHost } from '../../packages/server/src/test-support/test-node.ts';

/** Ends every freeze and stop that the fuzzer came upon: with them no command of a scene could be sent. */
export async function liftHolds(host: NodeHost): Promise<void> {
  const call = async (name: string, input: object) =>
    readSuccess(await host.call(`Patchbay.${name}`, input, { service: 'patchbay' }));
  await call('ResumeStarts', { reason: 'a new scene' });
  const { freezes } = ListChangeFreezes.output.parse(await call('ListChangeFreezes', {}));
  for (const { name } of freezes) await call('DeleteChangeFreeze', { name });
}
