import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** One process for good: pids are given out again, a start time within one boot is not (proc_pid_stat(5), field 22). */
export const ProcessIdentity = z.object({
  pid: z.number().int().positive(),
  startTicks: z.string(),
  bootId: z.string(),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

/** The identity of the process that has this pid now; null when there is none or only its zombie. */
export function readProcessIdentity(pid: number): ProcessIdentity | null {
  const stat = readProcFile(`/proc/${pid}/stat`);
  const parsed = stat === null ? null : parseProcessStat(stat);
  if (parsed === null || parsed.state === 'Z' || parsed.state === 'X') return null;
  return { pid, startTicks: parsed.startTicks, bootId: readProcFile('/proc/sys/kernel/random/boot_id')?.trim() ?? '' };
}

/** Null for a text that is no line of /proc/PID/stat. */
export function parseProcessStat(stat: string): { pid: number; state: string; startTicks: string } | null {
  // The program's name in brackets may hold brackets and spaces: the other fields follow the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const startTicks = fields[19];
  const pid = Number.parseInt(stat, 10);
  return state === undefined || startTicks === undefined || Number.isNaN(pid) ? null : { pid, state, startTicks };
}

/** Whether exactly this process runs, and not a later one with its pid. */
export function isProcessRunning(identity: ProcessIdentity): boolean {
  const current = readProcessIdentity(identity.pid);
  return current !== null && current.startTicks === identity.startTicks && current.bootId === identity.bootId;
}

function readProcFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // ENOENT before the look, ESRCH in the middle of it: in both cases the process is gone.
    return null;
  }
}
