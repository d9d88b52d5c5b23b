import { type InstalledSet, redactCredentials } from '@patchbay/facts';
import type { Machine } from '../machine/index.ts';

/** What is known of a machine's packages and settings that lets updates in without Patchbay. */
export interface PatcherSigns {
  readonly installed: InstalledSet;
  readonly upgradesDaily: boolean;
}

const dailyTimer = 'apt-daily-upgrade.timer';
const timerLinks = [
  `/etc/systemd/system/timers.target.wants/${dailyTimer}`,
  `/usr/lib/systemd/system/timers.target.wants/${dailyTimer}`,
] as const;

/** Programs that install updates by schedule, by their packages. */
const scheduledPatchers: ReadonlyMap<string, string> = new Map([
  ['cron-apt', 'cron-apt is installed; what it may install is in /etc/cron-apt'],
  ['landscape-client', 'landscape-client is installed; its server may install updates'],
]);

/** Who else installs updates on this machine: each in one sentence, nothing where nobody does. */
export async function findOtherPatchers(machine: Machine, signs: PatcherSigns): Promise<string[]> {
  const names = new Set(signs.installed.packages.map(({ name }) => name));
  const sentences: string[] = [];
  if (signs.upgradesDaily && names.has('unattended-upgrades')) {
    const link = (await Promise.all(timerLinks.map((path) => machine.stat(path)))).some((status) => status !== null);
    sentences.push(
      link
        ? `unattended-upgrades is enabled (APT::Periodic::Unattended-Upgrade, ${dailyTimer})`
        : `unattended-upgrades is enabled by APT::Periodic::Unattended-Upgrade, and its ${dailyTimer} is not`,
    );
  }
  for (const [name, sentence] of scheduledPatchers) if (names.has(name)) sentences.push(sentence);
  for (const { pid, commandLine } of await findRunning(machine)) {
    sentences.push(`process ${pid} installs updates right now (${commandLine})`);
  }
  return sentences;
}

/** `unattended-upgrade-shutdown` only waits for the shutdown, on every machine and at all times. */
const installs = /(?:^|[/ ])(?:unattended-upgrades?|apt\.systemd\.daily|cron-apt)(?: |$)/;
const mostCharacters = 200;

async function findRunning(machine: Machine): Promise<{ pid: number; commandLine: string }[]> {
  if (machine.kind === 'root-directory') return [];
  const running: { pid: number; commandLine: string }[] = [];
  for (const name of (await machine.listDirectory('/proc')) ?? []) {
    if (!/^\d+$/.test(name)) continue;
    const commandLine = await readCommandLine(machine, name);
    if (installs.test(commandLine)) running.push({ pid: Number(name), commandLine: redactCredentials(commandLine) });
  }
  return running;
}

async function readCommandLine(machine: Machine, pid: string): Promise<string> {
  try {
    const bytes = await machine.readFile(`/proc/${pid}/cmdline`);
    const text = bytes === null ? '' : Buffer.from(bytes).toString('utf8');
    return text.replaceAll('\0', ' ').trim().slice(0, mostCharacters);
  } catch {
    // It ended between the listing and the look.
    return '';
  }
}
