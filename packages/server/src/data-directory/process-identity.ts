import { readFile } from 'node:fs/promises';
import { z } from 'zod';

/**
 * One process for good: a pid alone is given out again, its start time within one boot is not
 * (proc_pid_stat(5), field 22).
 */
export const ProcessIdentity = z.object({
  pid: z.number().int().positive(),
  startTicks: z.string(),
  bootId: z.string(),
});
export type ProcessIdentity = z.infer<typeof ProcessIdentity>;

/** The identity of a process that runs now; null when there is none with that pid (or only its zombie). */
export async function readProcessIdentity(pid: number): Promise<ProcessIdentity | null> {
  const stat = await readTextOrNull(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The second field is the program's name in brackets and may hold anything: the others follow the LAST bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const startTicks = fields[19];
  if (startTicks === undefined || state === 'Z' || state === 'X') return null;
  const bootId = (await readTextOrNull('/proc/sys/kernel/random/boot_id'))?.trim() ?? '';
  return { pid, startTicks, bootId };
}

/** Whether exactly this process, not a later one with its pid, runs now. */
export async function isProcessRunning(identity: ProcessIdentity): Promise<boolean> {
  const current = await readProcessIdentity(identity.pid);
  return current !== null && current.startTicks === identity.startTicks && current.bootId === identity.bootId;
}

async function readTextOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // A process may end between two looks at it (ENOENT or ESRCH): both mean that it is gone.
    return null;
  }
}
