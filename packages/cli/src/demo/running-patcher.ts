import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Runs of a node whose patcher is still at work: it outlives the agent, so that no transaction is cut in half. */
async function findRunning(stateDirectory: string): Promise<string[]> {
  const runs = join(stateDirectory, 'runs');
  const running: string[] = [];
  for (const name of await readdir(runs).catch((): string[] => [])) {
    const read = (file: string) => readFile(join(runs, name, file), 'utf8').catch(() => '');
    // The claim is the boot and the process's line of /proc/PID/stat, whose first word is its number.
    const pid = /^(?<pid>\d+) \(/m.exec(await read('process'))?.groups?.pid;
    if (pid !== undefined && (await read('result.json')) === '' && isAlive(Number(pid))) running.push(name);
  }
  return running;
}

/** Waits until no patcher of a node is at work any more, and says so when it has to. */
export async function waitForPatcher(stateDirectory: string, say: (text: string) => void): Promise<void> {
  for (let isFirst = true; (await findRunning(stateDirectory)).length > 0; isFirst = false) {
    if (isFirst) say("Waiting for the node's patcher: a package transaction is never cut in half");
    await sleep(500);
  }
}
