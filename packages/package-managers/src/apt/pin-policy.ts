import type { Pin } from '@patchbay/facts';
import { isPinPattern, matchesPinExpression } from './pin-expression.ts';

/** What pins can look at in one archive. The machine's own status file has the suite `now` and no more. */
export interface PinnedArchive {
  readonly origin: string;
  readonly label: string;
  readonly suite: string;
  readonly codename: string;
  readonly version: string;
  readonly component: string;
  readonly architecture: string;
  /** Host name of the URI; empty for local archives. */
  readonly site: string;
  readonly notAutomatic: boolean;
  readonly butAutomaticUpgrades: boolean;
  readonly isStatusFile: boolean;
}

export interface PinnedVersion {
  readonly name: string;
  /** With `all` already counted as the native architecture. */
  readonly architecture: string;
  readonly version: string;
  readonly source: string;
}

/** The status file of dpkg as pins see it (apt-cache(8), policy: `release a=now`). */
export const statusFile: PinnedArchive = {
  origin: '',
  label: '',
  suite: 'now',
  codename: '',
  version: '',
  component: '',
  architecture: '',
  site: '',
  notAutomatic: false,
  butAutomaticUpgrades: false,
  isStatusFile: true,
};

/** apt's priorities under given preferences, https://manpages.debian.org/bookworm/apt/apt_preferences.5.en.html. */
export interface PinPolicy {
  /** Of each archive, in the order given. */
  archivePriority(position: number): number;
  /** What a pin of this very package says about this version in these archives; null when none applies. */
  specificPriority(version: PinnedVersion, archives: readonly PinnedArchive[]): number | null;
}

export function makePinPolicy(
  archives: readonly PinnedArchive[],
  pins: readonly Pin[],
  defaultRelease: string | null,
  nativeArchitecture: string,
): PinPolicy {
  const generalPins = pins.filter((pin) => pin.packages === '*');
  const specificPins = pins
    .filter((pin) => pin.packages !== '*')
    .flatMap((pin) =>
      pin.packages.split(/\s+/).map((spec) => ({ pin, spec: parsePackageSpec(spec, nativeArchitecture) })),
    );
  const releasePin = defaultRelease === null ? [] : [{ pin: `release ${defaultRelease}`, priority: 990 }];
  const priorities = archives.map((archive) => {
    // "The first entry found wins"; the target release is entered before any preferences are read.
    const pin = [...releasePin, ...generalPins].find((candidate) => matchesArchive(candidate.pin, archive));
    return pin?.priority ?? defaultPriority(archive);
  });
  return {
    archivePriority: (position) => priorities[position] ?? 0,
    specificPriority(version, carriers) {
      const found = specificPins.find(
        ({ pin, spec }) => spec.matches(version) && matchesVersion(pin.pin, version, carriers),
      );
      return found?.pin.priority ?? null;
    },
  };
}

function defaultPriority(archive: PinnedArchive): number {
  if (archive.isStatusFile || archive.butAutomaticUpgrades) return 100;
  return archive.notAutomatic ? 1 : 500;
}

function parsePackageSpec(spec: string, nativeArchitecture: string): { matches(version: PinnedVersion): boolean } {
  const isSource = spec.startsWith('src:');
  const withoutPrefix = isSource ? spec.slice(4) : spec;
  const colon = withoutPrefix.lastIndexOf(':');
  const name = colon === -1 ? withoutPrefix : withoutPrefix.slice(0, colon);
  const architecture = colon === -1 ? nativeArchitecture : withoutPrefix.slice(colon + 1);
  return {
    matches(version) {
      const isArchitecture =
        architecture === 'any' ||
        (architecture === 'native' ? nativeArchitecture : architecture) === version.architecture;
      const text = isSource ? version.source : version.name;
      return isArchitecture && (isPinPattern(name) ? matchesPinExpression(name, text) : name === text);
    },
  };
}

function matchesVersion(pin: string, version: PinnedVersion, carriers: readonly PinnedArchive[]): boolean {
  const { kind, value } = splitPin(pin);
  if (kind === 'version') return matchesVersionText(value, version.version);
  return carriers.some((archive) => matchesArchive(pin, archive));
}

function splitPin(pin: string): { kind: string; value: string } {
  const match = /^(\S+)\s*(.*)$/s.exec(pin);
  return { kind: (match?.[1] ?? '').toLowerCase(), value: (match?.[2] ?? '').trim() };
}

function matchesVersionText(pattern: string, version: string): boolean {
  const lower = version.toLowerCase();
  const wanted = pattern.toLowerCase();
  if (wanted.endsWith('*') ? lower.startsWith(wanted.slice(0, -1)) : lower === wanted) return true;
  return matchesPinExpression(pattern, version);
}

function matchesArchive(pin: string, archive: PinnedArchive): boolean {
  const { kind, value } = splitPin(pin);
  if (kind === 'origin') {
    const site = value.replace(/^"(.*)"$/, '$1');
    return site === '' ? archive.site === '' : archive.site !== '' && matchesPinExpression(site, archive.site);
  }
  return kind === 'release' && matchesRelease(value, archive);
}

function matchesRelease(value: string, archive: PinnedArchive): boolean {
  if (value === '*') return true;
  if (!value.includes('=')) {
    if (/^\d/.test(value)) return archive.version !== '' && matchesVersionText(value, archive.version);
    return value !== '' && [archive.suite, archive.codename].some((text) => matchesField(value, text));
  }
  const terms = value
    .split(',')
    .map((term) => term.trim())
    .filter((term) => term.length >= 3);
  const known = terms.filter((term) => /^[voanlcb]=/i.test(term));
  return known.length > 0 && known.every((term) => matchesTerm(term.charAt(0).toLowerCase(), term.slice(2), archive));
}

function matchesTerm(key: string, pattern: string, archive: PinnedArchive): boolean {
  switch (key) {
    case 'v':
      return archive.version !== '' && matchesVersionText(pattern, archive.version);
    case 'o':
      return matchesField(pattern, archive.origin);
    case 'a':
      return matchesField(pattern, archive.suite);
    case 'n':
      return matchesField(pattern, archive.codename);
    case 'l':
      return matchesField(pattern, archive.label);
    case 'c':
      return matchesField(pattern, archive.component);
    default:
      return matchesField(pattern, archive.architecture);
  }
}

/** A field that the archive does not have matches nothing, not even `*`. */
function matchesField(pattern: string, text: string): boolean {
  return text !== '' && matchesPinExpression(pattern, text);
}
