import { describeError } from '../log.ts';
import { defaultEnvironment, type Machine } from '../machine/index.ts';

/** The lines of `systemctl list-units --failed --plain --no-legend`: unit, load, active, sub, description. */
export function parseFailedUnits(output: string): string[] {
  return output.split('\n').flatMap((line) => {
    const [unit = '', , active] = line.replace(/^[●*\s]+/, '').split(/\s+/);
    return /\.[a-z]+$/.test(unit) && active === 'failed' ? [unit] : [];
  });
}

/** The failed units of this host; null where no systemd runs, or it does not answer. */
export async function readFailedUnits(machine: Machine): Promise<string[] | null> {
  if (!(await runsSystemd(machine))) return null;
  try {
    const output = await machine.run({
      argv: ['systemctl', 'list-units', '--failed', '--all', '--plain', '--no-legend', '--full', '--no-pager'],
      environment: { ...defaultEnvironment, SYSTEMD_COLORS: '0' },
      timeoutSeconds: 60,
    });
    return output.exitCode === 0 ? parseFailedUnits(output.stdout) : null;
  } catch {
    // There is no systemctl: then nobody can tell.
    return null;
  }
}

/** sd_booted(3): this directory is there exactly where systemd is process 1. */
async function runsSystemd(machine: Machine): Promise<boolean> {
  return machine.kind === 'host' && (await machine.stat('/run/systemd/system')) !== null;
}

const restartTimeoutSeconds = 180;

/** Restarts services one after another; answers what went wrong, by unit. */
export async function restartUnits(machine: Machine, units: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const problems = new Map<string, string>();
  for (const unit of units) {
    try {
      const { exitCode, stderr, isTimedOut } = await machine.run({
        // Of a service that was stopped meanwhile nothing is started.
        argv: ['systemctl', 'try-restart', '--', unit],
        timeoutSeconds: restartTimeoutSeconds,
      });
      if (isTimedOut) problems.set(unit, `it did not restart within ${restartTimeoutSeconds} seconds`);
      else if (exitCode !== 0) problems.set(unit, stderr.trim() || `status ${exitCode}`);
    } catch (error) {
      problems.set(unit, describeError(error));
    }
  }
  return problems;
}
