import { readSuccess } from '../../packages/server/src/test-support/send-request.ts';
import type { NodeHost } from '../../packages/server/src/test-support/test-node.ts';
import type { Example } from './windows-in-scene.ts';

/** Two freezes that hold for nobody, and what the operations of freezes accept. */
export async function provideFreezes(host: NodeHost, name: string): Promise<readonly Example[]> {
  const freeze = (freezeName: string) => ({
    name: `${freezeName}-${name}`,
    reason: 'for the fuzzer',
    time: { kind: 'once', startsAt: '2089-12-20T00:00:00Z', endsAt: '2090-01-02T00:00:00Z' },
    tagLimits: [{ key: 'owner', values: ['nobody'] }],
  });
  for (const each of [freeze('kept'), freeze('spare')]) {
    readSuccess(await host.call('Patchbay.CreateChangeFreeze', each, { service: 'patchbay' }));
  }
  return [
    ['Patchbay.CreateChangeFreeze', freeze('new')],
    ['Patchbay.OverrideChangeFreeze', { name: freeze('kept').name, reason: 'for the fuzzer' }],
    ['Patchbay.DeleteChangeFreeze', { name: freeze('spare').name }],
  ];
}
