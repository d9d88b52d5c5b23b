import { spawn } from 'node:child_process';

export interface RunOutcome {
  /** Null when a signal ended the program or it could not be started. */
  readonly exitCode: number | null;
  readonly errorText: string;
}

const ERROR_TEXT_LIMIT = 16_384;

/** Runs a short program with exactly this environment and waits for it; never rejects. */
export function runToEnd(
  commandLine: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<RunOutcome> {
  const [program = '', ...programArguments] = commandLine;
  return new Promise((resolve) => {
    const child = spawn(program, programArguments, {
      cwd: '/',
      env: { ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errorText = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (chunk: string) => {
      errorText = (errorText + chunk).slice(-ERROR_TEXT_LIMIT);
    });
    child.on('error', (error) => resolve({ exitCode: null, errorText: error.message }));
    child.on('close', (exitCode) => resolve({ exitCode, errorText }));
  });
}
