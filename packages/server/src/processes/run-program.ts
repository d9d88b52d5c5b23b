import { spawn } from 'node:child_process';

export interface ProgramOutput {
  /** Null when a signal ended it; 127 where there is no such program. */
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** It said more than was taken and was ended. */
  readonly isTruncated: boolean;
}

export interface ProgramInput {
  readonly input?: Uint8Array;
  readonly limitBytes: number;
  readonly timeoutSeconds: number;
}

const errorTextLimit = 16_384;

/** Runs a short program of this machine with a plain environment and waits for it; never rejects. */
export function runProgram(
  argv: readonly [program: string, ...parameters: string[]],
  { input, limitBytes, timeoutSeconds }: ProgramInput,
): Promise<ProgramOutput> {
  const [program, ...parameters] = argv;
  return new Promise((resolve) => {
    const child = spawn(program, parameters, {
      cwd: '/',
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutSeconds * 1000,
      killSignal: 'SIGKILL',
    });
    const chunks: Buffer[] = [];
    let size = 0;
    let stderr = '';
    let isTruncated = false;
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limitBytes) return void chunks.push(chunk);
      isTruncated = true;
      child.kill('SIGKILL');
    });
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (chunk: string) => {
      stderr = (stderr + chunk).slice(0, errorTextLimit);
    });
    // A program that ends without reading all of its input closes the pipe under us; its exit code tells.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('error', (error) => {
      resolve({ exitCode: 127, stdout: Buffer.alloc(0), stderr: error.message, isTruncated: false });
    });
    child.on('close', (exitCode) => resolve({ exitCode, stdout: Buffer.concat(chunks), stderr, isTruncated }));
  });
}
