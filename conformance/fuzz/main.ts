import { parseArgs } from 'node:util';
import { describeFaults, fuzz } from './fuzz.ts';
import { operations } from './requests.ts';
import { startFuzzedServer } from './start-fuzzed-server.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    requests: { type: 'string', default: '50000' },
    window: { type: 'string', default: '2500' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log('Usage: node conformance/fuzz/main.ts [--seed NUMBER] [--requests COUNT] [--window COUNT]');
  process.exit(0);
}

const server = await startFuzzedServer();
try {
  const options = {
    seed: Number(values.seed),
    requests: Number(values.requests),
    windowRequests: Number(values.window),
  };
  console.log(`seed ${options.seed}`);
  const began = Date.now();
  const report = await fuzz(server, options, (sent, heapBytes) => {
    console.log(`${sent} requests, ${Math.round((Date.now() - began) / 1000)} s, heap ${heapBytes}`);
  });
  console.log(Object.fromEntries(report.endings));
  console.log(
    'never accepted:',
    operations.map(({ target }) => target).filter((name) => !report.accepted.has(name)),
  );
  if (report.faults.length > 0) console.log(describeFaults(report), '\n', server.log.join('').slice(-4_000));
  const ending = server.ending();
  if (ending !== undefined) console.log(`The server ${ending}:\n${server.log.join('').slice(-4_000)}`);
  process.exitCode = report.faults.length > 0 || ending !== undefined ? 1 : 0;
} finally {
  await server.stop();
}
