import { homedir } from 'node:os';
import { join } from 'node:path';
import { runScan } from '@patchbay/agent';
import { Command } from 'commander';
import { type OutputFlags, withOutput } from '../control-plane-options.ts';

interface ScanFlags extends OutputFlags {
  readonly root?: string;
  readonly baseline?: string;
  readonly refresh: boolean;
  readonly cache?: string;
}

/** A directory of the user's own for lists and the approval clock: root's where a system keeps such things. */
function defaultCache(environment: Readonly<Record<string, string | undefined>>): string {
  if (process.getuid?.() === 0) return '/var/cache/patchbay/scan';
  return join(environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'patchbay', 'scan');
}

/** `patchbay scan`: what is missing here, without any server. Exits with 0 compliant, 1 not, 2 cannot tell. */
export const scanCommand = withOutput(new Command('scan'))
  .description(
    'Say what is missing on this machine and why, without a control plane (exit: 0 compliant, 1 not, 2 cannot tell)',
  )
  .option('--root <directory>', 'a root file system to scan instead of this machine; nothing below it is written')
  .option('--baseline <file>', 'a baseline as aws ssm get-patch-baseline prints it (default: the predefined one)')
  .option('--no-refresh', 'do not fetch package lists; use those that are there')
  .option(
    '--cache <directory>',
    'where lists and first sightings are kept (default: /var/cache/patchbay/scan for root, ~/.cache/patchbay/scan for others)',
  )
  .action(async (flags: ScanFlags) => {
    const report = await runScan({
      root: flags.root ?? null,
      baselineFile: flags.baseline ?? null,
      cacheDirectory: flags.cache ?? defaultCache(process.env),
      refresh: flags.refresh,
      now: () => new Date(),
      output: { format: flags.output, write: (text) => process.stdout.write(text) },
    });
    process.exitCode = report.exitStatus;
  });
