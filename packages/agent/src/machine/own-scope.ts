import { existsSync } from 'node:fs';
import { findTool } from './system-tools.ts';

/** systemd ends all processes of a unit with it, sessions or not; a scope of its own outlives the agent's unit (systemd.scope(5)). */
export function withOwnScope(argv: readonly [string, ...string[]]): readonly [string, ...string[]] {
  const systemdRun = existsSync('/run/systemd/system') && process.getuid?.() === 0 ? findTool('systemd-run') : null;
  return systemdRun === null ? argv : [systemdRun, '--scope', '--quiet', '--collect', '--', ...argv];
}
