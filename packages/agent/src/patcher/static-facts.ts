import {
  ArchiveObservation,
  InstalledSet,
  NodePolicy,
  Offer,
  OperatingSystemFacts,
  type PackageName,
  PackageName as PackageNameSchema,
  type Pin,
  UnknownReason,
} from '@patchbay/facts';
import {
  computeOffers,
  explainUncomparable,
  parseDpkgStatus,
  parseExtendedStates,
  parseOsRelease,
  parsePreferences,
} from '@patchbay/package-managers';
import { evaluatedOperatingSystems } from '@patchbay/patching';
import { z } from 'zod';
import type { Machine } from '../machine/index.ts';
import { type AptConfiguration, aptConfiguration } from './apt-configuration.ts';
import { type AptWorkspace, ask } from './apt-workspace.ts';
import { isDpkgCutOff } from './dpkg-journal.ts';
import { findArchives, readOfferedIndexes, unreadable } from './package-lists.ts';
import { describeError } from './patcher-error.ts';

/** What dpkg and apt know: all of it follows from files, so it can be kept until one of them changes. */
export const StaticFacts = z.object({
  operatingSystem: OperatingSystemFacts,
  installed: InstalledSet,
  policy: NodePolicy,
  unconfigured: z.array(PackageNameSchema.extend({ state: z.string() })),
  archives: z.array(z.object({ observation: ArchiveObservation, indexPath: z.string().nullable() })),
  offers: z.array(Offer),
  checksValidUntil: z.boolean(),
  defaultRelease: z.string().nullable(),
  upgradesDaily: z.boolean(),
  doubts: z.array(UnknownReason),
});
export type StaticFacts = z.infer<typeof StaticFacts>;

const noOperatingSystem: OperatingSystemFacts = {
  id: 'unknown',
  versionId: '',
  codename: '',
  prettyName: 'without a readable os-release',
  operatingSystem: null,
  product: 'unknown',
};

function doubt(code: UnknownReason['code'], message: string): UnknownReason {
  return { code, message, archive: null };
}

/** Reads everything anew. What cannot be read becomes a doubt; only a machine that cannot be entered is an error. */
export async function readStaticFacts(machine: Machine, workspace: AptWorkspace): Promise<StaticFacts> {
  const doubts: UnknownReason[] = [];
  const attempt = async <Result>(
    code: UnknownReason['code'],
    what: string,
    fallback: Result,
    read: () => Promise<Result>,
  ): Promise<Result> => {
    try {
      return await read();
    } catch (error) {
      doubts.push(doubt(code, `${what}: ${describeError(error)}`));
      return fallback;
    }
  };
  const operatingSystem = await attempt(
    'operating-system',
    'The operating system cannot be told',
    noOperatingSystem,
    () => readOperatingSystem(machine),
  );
  const known = operatingSystem.operatingSystem;
  if (known === null || !evaluatedOperatingSystems.has(known)) return withoutPackages(operatingSystem, doubts);

  // The commands run while the files are read: starting apt takes longer than reading what it would read.
  const configured = attempt<AptConfiguration | null>('archive', 'apt cannot be asked for its settings', null, () =>
    ask(machine, aptConfiguration),
  );
  const listed = attempt('archive', 'The sources of apt cannot be read', [], () => findArchives(machine, workspace));
  const status = await attempt('package-status', 'The package status of dpkg cannot be read', null, async () =>
    parseDpkgStatus(await readRequired(machine, '/var/lib/dpkg/status')),
  );
  if (await isDpkgCutOff(machine)) {
    const message = 'dpkg is at work or was cut off, so its status is not whole: wait, or run dpkg --configure -a';
    doubts.push(doubt('package-status', message));
  }
  const pins = await attempt('archive', "apt's preferences cannot be read", [], () => readPins(machine));
  const automatic = await attempt('package-status', "apt's extended_states cannot be read", [], () =>
    readAutomatic(machine),
  );
  const [configuration, found] = await Promise.all([configured, listed]);
  if (status === null) return { ...withoutPackages(operatingSystem, doubts), archives: found.map(keepListed) };

  const architecture = configuration?.architecture ?? 'unknown';
  const defaultRelease = configuration?.defaultRelease ?? null;
  const wantedNames = new Set(status.installed.map(({ name }) => name));
  const { archives, indexes } = await readOfferedIndexes(machine, found, wantedNames);
  const computed = computeOffers({
    installed: status.installed,
    indexes,
    architecture,
    pins,
    defaultRelease,
  });
  for (const [archive, reason] of explainUncomparable(computed.uncomparable)) {
    const listedArchive = archives[archive];
    if (listedArchive === undefined) continue;
    archives[archive] = { ...listedArchive, observation: unreadable(listedArchive.observation.address, reason) };
  }
  return {
    operatingSystem,
    installed: { packages: status.installed },
    policy: {
      architecture,
      foreignArchitectures: configuration?.foreignArchitectures ?? [],
      holds: status.holds,
      pins,
      automatic,
    },
    unconfigured: status.unconfigured,
    archives: archives.map(keepListed),
    offers: computed.offers,
    checksValidUntil: configuration?.checksValidUntil ?? true,
    defaultRelease,
    upgradesDaily: configuration?.upgradesDaily ?? false,
    doubts,
  };
}

function keepListed({ observation, indexPath }: StaticFacts['archives'][number]): StaticFacts['archives'][number] {
  return { observation, indexPath };
}

function withoutPackages(operatingSystem: OperatingSystemFacts, doubts: UnknownReason[]): StaticFacts {
  return {
    operatingSystem,
    installed: { packages: [] },
    policy: { architecture: 'unknown', foreignArchitectures: [], holds: [], pins: [], automatic: [] },
    unconfigured: [],
    archives: [],
    offers: [],
    checksValidUntil: true,
    defaultRelease: null,
    upgradesDaily: false,
    doubts,
  };
}

async function readOperatingSystem(machine: Machine): Promise<OperatingSystemFacts> {
  const bytes = (await machine.readFile('/etc/os-release')) ?? (await machine.readFile('/usr/lib/os-release'));
  if (bytes === null) throw new Error('there is neither /etc/os-release nor /usr/lib/os-release');
  return parseOsRelease(Buffer.from(bytes).toString('utf8'));
}

export async function readRequired(machine: Machine, path: string): Promise<Uint8Array> {
  const bytes = await machine.readFile(path);
  if (bytes === null) throw new Error(`${path} does not exist`);
  return bytes;
}

async function readAutomatic(machine: Machine): Promise<PackageName[]> {
  const bytes = await machine.readFile('/var/lib/apt/extended_states');
  return bytes === null ? [] : parseExtendedStates(Buffer.from(bytes).toString('utf8'));
}

/** In apt's order: the file first, then the folder by name (apt_preferences(5)). */
async function readPins(machine: Machine): Promise<Pin[]> {
  const folder = '/etc/apt/preferences.d';
  const names = ((await machine.listDirectory(folder)) ?? []).filter((name) =>
    /^[A-Za-z0-9_-]+(?:\.pref)?$/.test(name),
  );
  const pins: Pin[] = [];
  for (const path of ['/etc/apt/preferences', ...names.map((name) => `${folder}/${name}`)]) {
    const bytes = await machine.readFile(path);
    if (bytes !== null) pins.push(...parsePreferences(Buffer.from(bytes).toString('utf8'), path));
  }
  return pins;
}
