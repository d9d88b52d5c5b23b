import { describe, expect, it } from 'vitest';
import { runProgram } from './run-program.ts';

const bounds = { limitBytes: 1000, timeoutSeconds: 10 };

describe('a program of this machine', () => {
  it('gets its input and answers', async () => {
    const output = await runProgram(['sh', '-c', 'cat; echo no >&2; exit 3'], {
      ...bounds,
      input: Buffer.from('yes'),
    });
    expect({ ...output, stdout: output.stdout.toString() }).toEqual({
      exitCode: 3,
      stdout: 'yes',
      stderr: 'no\n',
      isTruncated: false,
    });
  });

  it('may not exist', async () => {
    expect(await runProgram(['no-such-program'], bounds)).toMatchObject({ exitCode: 127 });
  });

  it('is ended when it says too much or takes too long', async () => {
    expect(await runProgram(['yes'], bounds)).toMatchObject({ exitCode: null, isTruncated: true });
    expect(await runProgram(['sleep', '60'], { ...bounds, timeoutSeconds: 0.1 })).toMatchObject({ exitCode: null });
  });

  it('may leave its input unread', async () => {
    const input = Buffer.alloc(1024 * 1024);
    expect(await runProgram(['true'], { ...bounds, input })).toMatchObject({ exitCode: 0 });
  });
});
