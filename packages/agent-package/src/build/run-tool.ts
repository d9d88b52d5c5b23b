import { spawn } from 'node:child_process';
import { PackageBuildError } from './package-build-error.ts';

/** Runs a program to its end. @throws PackageBuildError MISSING_TOOL, TOOL_FAILED */
export function runTool(
  program: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...environment },
    });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    child.on('error', (error) =>
      reject(
        new PackageBuildError('MISSING_TOOL', `${program} is needed to build the package and cannot be run.`, {
          cause: error,
        }),
      ),
    );
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new PackageBuildError('TOOL_FAILED', `${program} ended with ${code}: ${complaint.trim()}`));
    });
  });
}
