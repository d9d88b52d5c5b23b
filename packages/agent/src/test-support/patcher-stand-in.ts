import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * Stands in for the patcher: does what `<state>/behaviour` says. `wait` goes on when `<run>/go` appears, so that tests
 * decide when a run ends.
 */
const { values } = parseArgs({ options: { state: { type: 'string' }, run: { type: 'string' } } });
const { state = '', run = '' } = values;
const request: unknown = JSON.parse(readFileSync(join(run, 'request.json'), 'utf8'));
const behaviour = readFileSync(join(state, 'behaviour'), 'utf8');

function finish(exitCode: number): void {
  console.log(`asked for ${JSON.stringify(request)}`);
  console.error('a remark');
  const result = { exitCode, finishedAt: new Date().toISOString() };
  writeFileSync(join(run, 'result.json.new'), JSON.stringify(result));
  renameSync(join(run, 'result.json.new'), join(run, 'result.json'));
}

if (behaviour === 'succeed') finish(0);
else if (behaviour === 'fail') finish(3);
else if (behaviour === 'reboot') finish(existsSync(join(run, 'reboot.json')) ? 0 : 194);
else if (behaviour === 'vanish') process.kill(process.pid, 'SIGKILL');
else {
  console.log('waiting');
  const timer = setInterval(() => {
    if (!existsSync(join(run, 'go'))) return;
    clearInterval(timer);
    finish(existsSync(join(run, 'cancel-requested')) ? 4 : 0);
  }, 5);
}
