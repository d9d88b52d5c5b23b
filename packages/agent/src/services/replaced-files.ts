import type { ReplacedFileUse } from '@patchbay/facts';
import type { Machine } from '../machine/index.ts';

/** One process that runs code which is not on the disk any more. */
export interface ProcessUse {
  readonly pid: number;
  readonly name: string;
  /** The system's unit that it belongs to; null for login sessions and the like. */
  readonly unit: string | null;
  readonly files: readonly string[];
}

const packagedFolders = /^\/(?:usr|opt|bin|sbin|lib|lib32|lib64|libx32)\//;

/**
 * The programs and libraries that a process has mapped as code and that were deleted or replaced since (proc(5),
 * /proc/PID/maps). Data files stay mapped when they are replaced too, but no fix of a program hangs on them.
 */
export function parseReplacedFiles(maps: string): string[] {
  const files = maps.split('\n').flatMap((line) => {
    const [, permissions = '', path = ''] = /^\S+ (\S+) \S+ \S+ \d+ +(\/.*) \(deleted\)$/.exec(line) ?? [];
    if (!permissions.includes('x') || !packagedFolders.test(path)) return [];
    return [path.replace(/\.dpkg-(?:tmp|new)$/, '')];
  });
  return [...new Set(files)].sort();
}

/** Names of control groups in which container engines and virtual machines keep what belongs to another system. */
const foreignGroup =
  /^(?:docker|libpod|crio|cri-containerd|lxc|lxc\.payload|kubepods|machine)[.:-]|^(?:docker|kubepods|lxc|machine\.slice)$/;

/**
 * The unit in `/proc/PID/cgroup`: the first service from the top, because what is below belongs to it (a user's own
 * services, say). Undefined where the process belongs to a container.
 */
export function parseUnit(cgroup: string): string | null | undefined {
  const path = /^0::(\/.*)$/m.exec(cgroup)?.[1] ?? /^\d+:name=systemd:(\/.*)$/m.exec(cgroup)?.[1] ?? '/';
  const groups = path.split('/');
  if (groups.some((group) => foreignGroup.test(group))) return undefined;
  return groups.find((group) => group.endsWith('.service')) ?? null;
}

/** Processes of this host that still run replaced code; null where nobody can look (a root file system, or not as root). */
export async function findProcessUses(machine: Machine): Promise<ProcessUse[] | null> {
  if (machine.kind === 'root-directory' || process.getuid?.() !== 0) return null;
  const uses: ProcessUse[] = [];
  for (const name of (await machine.listDirectory('/proc')) ?? []) {
    if (!/^\d+$/.test(name)) continue;
    const files = parseReplacedFiles(await readProcFile(machine, `/proc/${name}/maps`));
    if (files.length === 0) continue;
    const unit = parseUnit(await readProcFile(machine, `/proc/${name}/cgroup`));
    if (unit === undefined) continue;
    const comm = (await readProcFile(machine, `/proc/${name}/comm`)).trimEnd();
    uses.push({ pid: Number(name), name: comm, unit, files });
  }
  return uses;
}

async function readProcFile(machine: Machine, path: string): Promise<string> {
  try {
    const bytes = await machine.readFile(path);
    return bytes === null ? '' : Buffer.from(bytes).toString('utf8');
  } catch {
    // ESRCH: the process ended between the listing and the look.
    return '';
  }
}

const mostGroups = 200;
const mostFiles = 20;
const mostProcesses = 20;

/** By unit, and by name where there is none; cut to what a fact can hold. */
export function groupUses(uses: readonly ProcessUse[]): ReplacedFileUse[] {
  // Services first: these can be restarted by name.
  const sorted = uses.toSorted((left, right) => Number(left.unit === null) - Number(right.unit === null));
  const groups = Map.groupBy(sorted, ({ unit, name }) => unit ?? `\0${name}`);
  return [...groups.values()]
    .map((group) => ({
      unit: group[0]?.unit ?? null,
      processes: group.slice(0, mostProcesses).map(({ pid, name }) => ({ pid, name })),
      files: [...new Set(group.flatMap(({ files }) => files))].sort().slice(0, mostFiles),
    }))
    .slice(0, mostGroups);
}
