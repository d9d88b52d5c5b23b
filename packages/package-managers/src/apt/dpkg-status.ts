import type { InstalledPackage, PackageName } from '@patchbay/facts';
import {
  malformed,
  parseControlFile,
  type RelationTexts,
  readRelations,
  readSource,
  requireField,
} from './control-file.ts';

/** Relations of one installed version, with what checking them needs. */
export interface InstalledRelations extends PackageName, RelationTexts {
  readonly version: string;
}

/** What dpkg's status file says. */
export interface DpkgStatus {
  /** Everything with files on the disk, sorted by name, then architecture. */
  readonly installed: InstalledPackage[];
  readonly holds: PackageName[];
  /** What dpkg left half done, with its state. */
  readonly unconfigured: (PackageName & { state: string })[];
  /** By `name:architecture`, of everything in `installed`. */
  readonly relations: ReadonlyMap<string, InstalledRelations>;
}

const statesWithoutFiles = new Set(['not-installed', 'config-files']);
const otherStates = new Set([
  'installed',
  'half-installed',
  'unpacked',
  'half-configured',
  'triggers-awaited',
  'triggers-pending',
]);
const what = 'dpkg status';

/** The key of a package in maps: `libc6:amd64`. */
export function packageKey(name: PackageName): string {
  return `${name.name}:${name.architecture}`;
}

/**
 * Reads /var/lib/dpkg/status (dpkg(1), "Package states"). Throws ParseError on any stanza that it cannot read: a
 * package that went unnoticed would count as patched.
 */
export function parseDpkgStatus(bytes: Uint8Array): DpkgStatus {
  const installed: InstalledPackage[] = [];
  const holds: PackageName[] = [];
  const unconfigured: (PackageName & { state: string })[] = [];
  const relations = new Map<string, InstalledRelations>();
  for (const stanza of parseControlFile(new TextDecoder().decode(bytes), what)) {
    const name = requireField(stanza, 'package', what);
    const [selection, , state, ...rest] = requireField(stanza, 'status', what).split(/\s+/);
    if (state === undefined || rest.length > 0) {
      throw malformed(what, stanza.line, `the Status of ${name} is not three words`);
    }
    const hasFiles = otherStates.has(state);
    if (!hasFiles && !statesWithoutFiles.has(state)) {
      throw malformed(what, stanza.line, `${name} is in the unknown state ${JSON.stringify(state)}`);
    }
    const architecture = stanza.fields.get('architecture') ?? '';
    if (selection === 'hold' && architecture !== '') holds.push({ name, architecture });
    if (!hasFiles) continue;
    if (architecture === '') throw malformed(what, stanza.line, `${name} has no Architecture`);
    const version = stanza.fields.get('version') ?? '';
    if (state !== 'installed') unconfigured.push({ name, architecture, state });
    // dpkg records a first unpack that was cut short as half-installed without a version.
    if (state === 'half-installed' && version === '') continue;
    if (version === '') throw malformed(what, stanza.line, `${name} has no Version`);
    const key = packageKey({ name, architecture });
    if (relations.has(key)) throw malformed(what, stanza.line, `${key} is listed twice`);
    installed.push({
      name,
      architecture,
      version,
      ...readSource(stanza, name, version, what),
      section: stanza.fields.get('section') ?? '',
      priority: stanza.fields.get('priority') ?? '',
    });
    relations.set(key, { name, architecture, version, ...readRelations(stanza) });
  }
  const byName = (left: PackageName, right: PackageName): number =>
    compareText(left.name, right.name) || compareText(left.architecture, right.architecture);
  return {
    installed: installed.sort(byName),
    holds: holds.sort(byName),
    unconfigured: unconfigured.sort(byName),
    relations,
  };
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
