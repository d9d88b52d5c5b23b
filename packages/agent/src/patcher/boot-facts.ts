import { createHash } from 'node:crypto';
import type { InstalledPackage, NodeOverlay, PackageName } from '@patchbay/facts';
import { commandEnvironment } from '@patchbay/package-managers';
import { versionSchemes } from '@patchbay/versioning';
import type { Machine } from '../machine/index.ts';
import type { ProcessUse } from '../services/replaced-files.ts';

/** What of the overlay comes from the running system. */
export type BootFacts = Pick<NodeOverlay, 'bootId' | 'machineIdHash' | 'runningKernel' | 'rebootReasons'> & {
  /** Installed packages that only a boot puts into effect, whoever installed them. */
  readonly awaitingBoot: PackageName[];
};

/** machine-id(5) asks not to show the id itself, and to hash it with something of the application's own. */
const machineIdSalt = 'patchbay-machine-id-1';

/** Which machine this is, and since which boot; a root file system has none. @throws MachineError */
export async function readMachineIdentity(machine: Machine): Promise<Pick<NodeOverlay, 'bootId' | 'machineIdHash'>> {
  const machineId = await readLine(machine, '/etc/machine-id');
  return {
    machineIdHash: machineId === '' ? '' : createHash('sha256').update(`${machineIdSalt}${machineId}`).digest('hex'),
    bootId: machine.kind === 'root-directory' ? '' : await readLine(machine, '/proc/sys/kernel/random/boot_id'),
  };
}

/** @throws MachineError */
export async function readBootFacts(
  machine: Machine,
  installed: readonly InstalledPackage[],
  uses: readonly ProcessUse[] | null = null,
): Promise<BootFacts> {
  const { machineIdHash, bootId } = await readMachineIdentity(machine);
  if (machine.kind === 'root-directory') {
    return { bootId: '', machineIdHash, runningKernel: '', rebootReasons: [], awaitingBoot: [] };
  }
  const runningKernel = await readLine(machine, '/proc/sys/kernel/osrelease');
  const runningBuild = await readLine(machine, '/proc/version');
  const newerKernel = findNewerKernel(runningKernel, runningBuild, installed);
  const requested = await readRequestedReboots(machine);
  const usedByInit = uses?.find(({ pid }) => pid === 1)?.files ?? [];
  const owners = usedByInit.length === 0 ? [] : await findOwners(machine, usedByInit);
  const awaited = new Set([...(requested ?? []), ...(newerKernel === null ? [] : [newerKernel.name]), ...owners]);
  return {
    bootId,
    machineIdHash,
    runningKernel,
    rebootReasons: [
      ...(requested === null ? [] : [describeRequest(requested)]),
      ...(newerKernel === null ? [] : [newerKernel.reason]),
      ...(usedByInit.length === 0 ? [] : [`Process 1 runs files that were replaced: ${usedByInit.join(', ')}`]),
    ],
    awaitingBoot: installed
      .filter(({ name }) => awaited.has(name))
      .map(({ name, architecture }) => ({ name, architecture })),
  };
}

/** The packages that these files came from. What no package owns has none. */
async function findOwners(machine: Machine, files: readonly string[]): Promise<string[]> {
  // dpkg knows a file by the path in its package, before or after /usr took the other folders in.
  const paths = files.flatMap((file) => [file, file.startsWith('/usr/') ? file.slice('/usr'.length) : `/usr${file}`]);
  const { stdout } = await machine.run({
    argv: ['dpkg-query', '--search', '--', ...paths],
    environment: commandEnvironment,
    timeoutSeconds: 60,
  });
  // Status 1 says that one of the paths is unknown, as every second one is.
  return parseFileOwners(stdout);
}

/** `libssl3:amd64, other: /usr/lib/…` (dpkg-query(1), --search). */
export function parseFileOwners(output: string): string[] {
  const names = output.split('\n').flatMap((line) => {
    const owners = /^((?:[a-z0-9][a-z0-9+.-]*(?::[a-z0-9-]+)?(?:, )?)+): \//.exec(line)?.[1] ?? '';
    return owners === '' ? [] : owners.split(', ').map((owner) => owner.replace(/:.*$/, ''));
  });
  return [...new Set(names)];
}

async function readLine(machine: Machine, path: string): Promise<string> {
  const bytes = await machine.readFile(path);
  return bytes === null ? '' : (Buffer.from(bytes).toString('utf8').split('\n')[0] ?? '').trim();
}

/** Who raised the flag file of Debian's and Ubuntu's packages, as far as that is noted; null where it is not there. */
async function readRequestedReboots(machine: Machine): Promise<string[] | null> {
  if ((await machine.stat('/run/reboot-required')) === null) return null;
  const bytes = await machine.readFile('/run/reboot-required.pkgs');
  const names = bytes === null ? [] : Buffer.from(bytes).toString('utf8').split('\n');
  return [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))].sort();
}

function describeRequest(packages: readonly string[]): string {
  return `/run/reboot-required is there${packages.length === 0 ? '' : ` (${packages.join(', ')})`}`;
}

/**
 * The package of the kernel that would start next and why that is another than runs; null when it would be the same. Only kernels of the same flavour
 * count, and a kernel that no package brought (of a container's host, say) has none.
 */
export function findNewerKernel(
  runningKernel: string,
  runningBuild: string,
  installed: readonly InstalledPackage[],
): { readonly name: string; readonly reason: string } | null {
  const { dpkg } = versionSchemes;
  const flavour = (release: string): string => /^[\d.]+-\d+(.*)$/.exec(release)?.[1] ?? release;
  const releases = installed.flatMap(({ name, version }) => {
    const release = /^linux-image-(?:unsigned-)?(\d.*)$/.exec(name)?.[1];
    return release === undefined || release.endsWith('-dbg') ? [] : [{ name, release, version }];
  });
  const own = releases.find(({ release }) => release === runningKernel);
  if (own === undefined) return null;
  // The build line of Debian's kernels names the package's version: "… Debian 6.1.76-1 (2024-02-01)".
  const running = /\bDebian (\d\S*)/.exec(runningBuild)?.[1];
  if (running !== undefined && dpkg.isValid(running) && dpkg.isValid(own.version)) {
    if (dpkg.compare(own.version, running) > 0) {
      return { name: own.name, reason: `The kernel runs as ${running}; ${own.version} is installed` };
    }
  }
  const newest = releases
    .filter(({ release }) => flavour(release) === flavour(runningKernel) && dpkg.isValid(release))
    .sort((left, right) => dpkg.compare(right.release, left.release))[0];
  if (newest === undefined || !dpkg.isValid(runningKernel)) return null;
  if (dpkg.compare(newest.release, runningKernel) <= 0) return null;
  return { name: newest.name, reason: `The kernel ${runningKernel} runs; ${newest.release} is installed` };
}
