import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';

const launcher = join(dirname(dirname(import.meta.dirname)), 'patchbay');

export interface PatchbayProcess {
  /** All that it printed so far, both streams. */
  output(): string;
  /** Waits until it printed a match; fails when it ends before. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  readonly processId: number;
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal and answers how it ended. */
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** Runs `./patchbay` with these words, as a user would, without waiting for its end. The prefix is a program that runs it. */
export function startPatchbay(
  words: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  prefix: readonly string[] = [],
): PatchbayProcess {
  const [program = launcher, ...parameters] = [...prefix, launcher, ...words];
  const child: ChildProcess = spawn(program, parameters, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const listeners = new Set<() => void>();
  const note = (chunk: string) => {
    text += chunk;
    for (const listener of listeners) listener();
  };
  child.stdout?.setEncoding('utf8').on('data', note);
  child.stderr?.setEncoding('utf8').on('data', note);
  let isOver = false;
  const ended = once(child, 'close').then(([code, signal]) => {
    isOver = true;
    note('');
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  return {
    output: () => text,
    waitFor: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(text);
          if (!match && !isOver) return;
          listeners.delete(look);
          if (match) resolve(match);
          else reject(new Error(`patchbay ${words[0]} ended before it printed ${pattern}:\n${text}`));
        };
        listeners.add(look);
        look();
      }),
    processId: child.pid ?? 0,
    signal: (signal) => void child.kill(signal),
    end: async (signal) => {
      if (!isOver) child.kill(signal);
      return await ended;
    },
  };
}

/** Runs `./patchbay` to its end. */
export async function runPatchbay(
  words: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<{ exitCode: number | null; output: string }> {
  const running = startPatchbay(words, environment);
  const { code } = await running.end('SIGCONT');
  return { exitCode: code, output: running.output() };
}
