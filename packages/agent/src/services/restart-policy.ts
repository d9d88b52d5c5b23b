import type { ReplacedFileUse } from '@patchbay/facts';
import { compileWildcard } from '@patchbay/patching';
import { z } from 'zod';
import type { Machine } from '../machine/index.ts';

/** Whether a service that runs replaced code is named, restarted, or left alone. */
const RestartMode = z.enum(['list', 'auto', 'never']);
type RestartMode = z.infer<typeof RestartMode>;

/** `/etc/patchbay/restarts.json`: what the owner of a host wants restarted after patching. */
export const RestartPolicy = z.strictObject({
  mode: RestartMode.default('list'),
  /** By name or pattern (`postgresql@*.service`); the first that fits counts before the mode. */
  units: z.record(z.string(), RestartMode).default({}),
});
export type RestartPolicy = z.infer<typeof RestartPolicy>;

const restartPolicyFile = '/etc/patchbay/restarts.json';

const listOnly: RestartPolicy = { mode: 'list', units: {} };

/** A file that cannot be read restarts nothing; the problem says why. */
export async function readRestartPolicy(
  machine: Machine,
): Promise<{ readonly policy: RestartPolicy; readonly problem: string | null }> {
  try {
    const bytes = await machine.readFile(restartPolicyFile);
    if (bytes === null) return { policy: listOnly, problem: null };
    return { policy: RestartPolicy.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))), problem: null };
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const why = issue === undefined ? String(error) : `${issue.message} (${issue.path.join('.') || 'the whole'})`;
    return { policy: listOnly, problem: `${restartPolicyFile} is not followed, nothing is restarted: ${why}` };
  }
}

/**
 * Restarting these takes sessions, the network, containers or Patchbay itself down with it. Only an owner's entry that
 * names them makes that happen.
 */
const neverByThemselves = [
  'dbus.service',
  'dbus-broker.service',
  'systemd-logind.service',
  'systemd-networkd.service',
  'NetworkManager.service',
  'networking.service',
  'ifup@*.service',
  'wpa_supplicant*.service',
  'display-manager.service',
  'gdm*.service',
  'lightdm.service',
  'sddm.service',
  'lxdm.service',
  'xdm.service',
  'getty@*.service',
  'serial-getty@*.service',
  'user@*.service',
  'docker.service',
  'containerd.service',
  'lxc*.service',
  'libvirtd.service',
  'patchbay*.service',
  'amazon-ssm-agent.service',
  'apt-daily*.service',
  'unattended-upgrades.service',
] as const;

export interface RestartDecision {
  readonly restart: string[];
  /** Services to restart by hand. */
  readonly listed: string[];
}

/** What of the services that run replaced code is restarted now. What belongs to no service is never touched. */
export function decideRestarts(uses: readonly ReplacedFileUse[], policy: RestartPolicy): RestartDecision {
  const modeOf = (unit: string): RestartMode => {
    const named = Object.entries(policy.units).find(([pattern]) => compileWildcard(pattern)(unit));
    if (named !== undefined) return named[1];
    const isKept = neverByThemselves.some((pattern) => compileWildcard(pattern)(unit));
    return policy.mode === 'auto' && isKept ? 'list' : policy.mode;
  };
  const units = [...new Set(uses.flatMap(({ unit }) => (unit === null ? [] : [unit])))];
  return {
    restart: units.filter((unit) => modeOf(unit) === 'auto'),
    listed: units.filter((unit) => modeOf(unit) === 'list'),
  };
}
