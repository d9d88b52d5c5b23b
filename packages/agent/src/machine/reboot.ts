import { readFileSync } from 'node:fs';
import type { Machine } from './machine.ts';

/** The one thing that ends everything else on a host: a port, so that tests can watch it. */
export interface Rebooter {
  /** Another one after a reboot; empty where the kernel tells none. */
  readBootId(): string;
  /** Asks the host to reboot and does not wait for it. Answers why it was refused; null when it was taken. */
  request(): Promise<string | null>;
}

const ways = [
  ['systemctl', 'reboot'],
  ['shutdown', '-r', 'now'],
] as const;

/** Null for a root file system: it has no boot. */
export function createRebooter(machine: Machine): Rebooter | null {
  if (machine.kind === 'root-directory') return null;
  return {
    readBootId,
    async request() {
      const problems: string[] = [];
      for (const argv of ways) {
        try {
          const { exitCode, stderr } = await machine.run({ argv, timeoutSeconds: 60 });
          if (exitCode === 0) return null;
          problems.push(`${argv.join(' ')}: ${stderr.trim() || `status ${exitCode}`}`);
        } catch (error) {
          problems.push(`${argv.join(' ')}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
      return problems.join('; ');
    },
  };
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Without /proc nobody can tell one boot from another.
    return '';
  }
}
