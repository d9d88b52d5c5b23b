import { spawn } from 'node:child_process';

/** Runs a program of this machine to its end and answers its output. Throws with what it said when it fails. */
export async function runTool(argv: readonly [string, ...string[]], input = ''): Promise<string> {
  const { exitCode, stdout, stderr } = await tryTool(argv, input);
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} ended with ${exitCode}: ${stderr.trim() || stdout.trim()}`);
  return stdout;
}

export interface ToolResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The same for a program that may fail. */
export function tryTool(argv: readonly [string, ...string[]], input = ''): Promise<ToolResult> {
  const [program, ...parameters] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { env: { ...process.env, LC_ALL: 'C.UTF-8' } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}
