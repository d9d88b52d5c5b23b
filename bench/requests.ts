import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { readDatabaseSeconds, readProcessorSeconds, startControlPlane } from './control-plane.ts';
import type { LoadOrder, LoadResult } from './request-load.ts';

/**
 * Signed reads and durable writes of one control plane per second, 32 at a time, with authorization, audit and
 * idempotency on; the load comes from a process of its own that signed everything beforehand.
 * Run: node bench/requests.ts [--seconds 10]
 */
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } });
const seconds = Number(values.seconds);

async function measure(order: LoadOrder): Promise<LoadResult> {
  const generator = fork(new URL('./request-load.ts', import.meta.url));
  generator.send(order);
  const [result] = (await once(generator, 'message')) as [LoadResult];
  return result;
}

const controlPlane = await startControlPlane();
try {
  const { access } = controlPlane;
  const common = { access, connections: 32 };
  // The first seconds warm up what every later request uses.
  await measure({ ...common, operation: 'DescribePatchBaselines', requests: 4_000 });
  for (const [operation, aim, expectedPerSecond] of [
    ['DescribePatchBaselines', 4000, 5000],
    ['CreatePatchBaseline', 3000, 4000],
  ] as const) {
    const { processId } = controlPlane;
    const before = [readProcessorSeconds(processId), readDatabaseSeconds(processId)] as const;
    const requests = seconds * expectedPerSecond;
    const result = await measure({ ...common, operation, requests });
    const spent = [readProcessorSeconds(processId) - before[0], readDatabaseSeconds(processId) - before[1]] as const;
    const [server, database] = spent.map((each) => ((each / requests) * 1e6).toFixed(0));
    const { perSecond, medianMilliseconds, slowestPercentMilliseconds, refused } = result;
    console.log(
      `${operation.padEnd(24)} ${perSecond.toFixed(0).padStart(6)} /s (${(perSecond / aim).toFixed(2)} x the aim of ${aim}), median ${medianMilliseconds.toFixed(1)} ms, 99 % ${slowestPercentMilliseconds.toFixed(1)} ms, refused ${refused}; a request costs ${server} µs in the server, ${database} µs in PostgreSQL`,
    );
  }
} finally {
  await controlPlane.stop();
}
