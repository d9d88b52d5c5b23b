import type { ResolvedDockerfileStep } from '@patchbay/patching';
import { ActionEnd } from '../components/action-end.ts';
import { type ActionStage, runProgram } from '../components/run-program.ts';
import { BuildFailure, noPlace } from './build-failure.ts';

type Run = Extract<ResolvedDockerfileStep, { kind: 'run' }>;

/**
 * Parameters: directory, user, group, whether HOME is the image's own, then the command. Docker makes the directory where
 * there is none. A user that the image does not know may be a number (Dockerfile reference, "USER"): it has the group root
 * then, as has everyone whose group is not told. setpriv is of util-linux, which is essential in Debian.
 */
const runScript = `mkdir -p -- "$1" && cd -- "$1" || exit 126
user=$2 group=$3 home=$4
shift 4
if [ -z "$user$group" ]; then exec "$@"; fi
: "\${user:=0}"
if [ -z "$home" ]; then
  HOME=$(getent passwd -- "$user" | cut -d : -f 6)
  export HOME="\${HOME:-/}"
fi
if [ -n "$group" ]; then exec setpriv --reuid="$user" --regid="$group" --clear-groups -- "$@"; fi
if id -u -- "$user" >/dev/null 2>&1; then
  exec setpriv --reuid="$user" --regid="$(id -g -- "$user")" --init-groups -- "$@"
fi
exec setpriv --reuid="$user" --regid=0 --clear-groups -- "$@"`;

/** Runs a RUN instruction in the root of a container. @throws BuildFailure when it does not end with 0 */
export async function runInstruction(
  run: Run,
  stage: Omit<ActionStage, 'workingDirectory' | 'environment'>,
): Promise<void> {
  const [user = '', group = ''] = run.user === null ? [] : run.user.split(':');
  const isRoot = ['', 'root', '0'].includes(user) && ['', 'root', '0'].includes(group);
  const place = isRoot ? ['', ''] : [user, group];
  const home = run.environment.has('HOME') ? 'own' : '';
  const shown = run.argv.join(' ').slice(0, 200);
  stage.say('info', `RUN ${shown}`);
  try {
    const output = await runProgram(
      { ...stage, workingDirectory: '/', environment: Object.fromEntries(run.environment) },
      { argv: ['/bin/sh', '-c', runScript, 'sh', run.workingDirectory, ...place, home, ...run.argv], isLogged: true },
    );
    if (output.exitCode === 0) return;
    const last = `${output.stdout}\n${output.stderr}`.trim().slice(-2_000);
    throw new BuildFailure(`RUN ${shown} ended with exit code ${output.exitCode}`, { ...noPlace, output: last });
  } catch (error) {
    if (!(error instanceof ActionEnd)) throw error;
    const why = error.outcome.kind === 'failed' ? error.outcome.message : 'it did not end in time';
    throw new BuildFailure(`RUN ${shown}: ${why}`);
  }
}
