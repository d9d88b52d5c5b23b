import type { RefusedTarget, Target } from '@patchbay/facts';
import { ParseError } from '../parse-error.ts';
import type { CommandOutput, Query } from '../query.ts';
import { type AptOptions, aptArguments, exactRequest } from './options.ts';

/** One change that apt announced. The architecture is that of the version that comes, or null for a removal. */
export interface AnnouncedChange {
  readonly action: 'upgrade' | 'install' | 'remove';
  readonly name: string;
  readonly architecture: string | null;
  readonly fromVersion: string | null;
  readonly toVersion: string | null;
  /** As apt prints them: `Debian-Security:12/oldstable-security`. */
  readonly origins: string;
}

/** Why apt would not do what it was asked, as far as it says. */
export interface SimulationFailure {
  readonly reason: RefusedTarget['reason'];
  /** For `needs-removal` what would be removed, otherwise what cannot be installed; with `:architecture` where apt says it. */
  readonly packages: readonly string[];
  readonly detail: string;
}

export interface SimulationOutput {
  readonly changes: readonly AnnouncedChange[];
  readonly keptBack: readonly string[];
  readonly phased: readonly string[];
  /** Held packages that the request itself would change: a real install refuses them. */
  readonly heldChanged: readonly string[];
  /** Empty when apt would carry out the changes. */
  readonly failures: readonly SimulationFailure[];
}

const command = 'apt-get -s';

/**
 * Exactly these targets and what they need, what they recommend included where the owner's configuration says so. No
 * removal and no downgrade is allowed.
 */
export function simulate(targets: readonly Target[], options: AptOptions): Query<SimulationOutput> {
  return {
    argv: ['apt-get', ...aptArguments(options), '-s', '-q', ...exactRequest, 'install', ...targets.map(formatTarget)],
    parse: parseSimulation,
  };
}

/**
 * apt's own list of everything that an upgrade without removals would bring; with phased updates whether or not it is this
 * machine's turn, where that is asked.
 */
export function closure(options: AptOptions, phasing: 'by-turn' | 'all' = 'by-turn'): Query<SimulationOutput> {
  const all = phasing === 'all' ? ['-o', 'APT::Get::Always-Include-Phased-Updates=true'] : [];
  return {
    argv: ['apt-get', ...aptArguments(options), ...all, '-s', '-q', 'upgrade', '--with-new-pkgs'],
    parse: parseSimulation,
  };
}

/** `name:architecture=version`; apt knows no package of the architecture `all` by that name. */
export function formatTarget(target: Target): string {
  const name = target.architecture === 'all' ? target.name : `${target.name}:${target.architecture}`;
  return `${name}=${target.version}`;
}

export function parseSimulation(output: CommandOutput): SimulationOutput {
  const lines = output.stdout.split('\n');
  const changes = lines.flatMap((line, index) => readChange(line, index + 1) ?? []);
  const removed = readList(lines, /^The following packages will be REMOVED:/);
  const failures = output.exitCode === 0 ? [] : readFailures(lines, output.stderr, removed);
  if (output.exitCode !== 0 && failures.length === 0) {
    throw new ParseError(
      'UNREADABLE_OUTPUT',
      command,
      1,
      output.stderr.trim() || `status ${output.exitCode} without a reason`,
    );
  }
  return {
    changes,
    keptBack: readList(lines, /^The following packages have been kept back:/),
    phased: readList(lines, /^The following upgrades have been deferred due to phasing:/),
    heldChanged: readList(lines, /^The following held packages will be changed:/),
    failures,
  };
}

/**
 * The targets that the failures name. None may be named (a removal that some target needs, say): then each has to be
 * simulated by itself to learn which.
 */
export function refuseTargets(targets: readonly Target[], failures: readonly SimulationFailure[]): RefusedTarget[] {
  return targets.flatMap((target) => {
    const failure = failures.find(
      ({ reason, packages }) =>
        reason !== 'needs-removal' &&
        packages.some((name) => name === target.name || name === `${target.name}:${target.architecture}`),
    );
    return failure === undefined ? [] : [{ ...target, reason: failure.reason, detail: failure.detail }];
  });
}

function readChange(line: string, lineNumber: number): AnnouncedChange | null {
  if (/^(Remv|Purg) /.test(line)) {
    const match = /^\w+ (\S+) \[([^\]]+)\]/.exec(line);
    if (match?.[1] === undefined) throw new ParseError('UNREADABLE_OUTPUT', command, lineNumber, line);
    const [name = '', architecture = null] = match[1].split(':');
    return { action: 'remove', name, architecture, fromVersion: match[2] ?? null, toVersion: null, origins: '' };
  }
  if (!line.startsWith('Inst ')) return null;
  const match = /^Inst (\S+)(?: \[([^\]]+)\])? \((\S+) (?:(.*?) )?\[([^\]]+)\]\)/.exec(line);
  if (match?.[1] === undefined) throw new ParseError('UNREADABLE_OUTPUT', command, lineNumber, line);
  const [, fullName, fromVersion = null, toVersion = null, origins = '', architecture = null] = match;
  const name = fullName.replace(/:[^:]+$/, '');
  return { action: fromVersion === null ? 'install' : 'upgrade', name, architecture, fromVersion, toVersion, origins };
}

function readList(lines: readonly string[], heading: RegExp): string[] {
  const start = lines.findIndex((line) => heading.test(line));
  if (start === -1) return [];
  const names: string[] = [];
  for (const line of lines.slice(start + 1)) {
    if (!line.startsWith('  ')) break;
    // A star marks a purge.
    names.push(
      ...line
        .trim()
        .split(/\s+/)
        .map((name) => name.replace(/\*$/, '')),
    );
  }
  return names;
}

function readFailures(lines: readonly string[], stderr: string, removed: readonly string[]): SimulationFailure[] {
  const failures: SimulationFailure[] = [];
  for (const message of stderr.split('\n')) {
    const missing =
      /^E: Version '[^']*' for '([^']+)' was not found/.exec(message) ??
      /^E: Unable to locate package (\S+)/.exec(message) ??
      /^E: Package '([^']+)' has no installation candidate/.exec(message);
    if (missing?.[1] !== undefined) {
      failures.push({ reason: 'not-obtainable', packages: [missing[1]], detail: message.slice(3) });
    } else if (message.startsWith('E: Packages need to be removed but remove is disabled')) {
      const detail = `apt would have to remove ${removed.join(', ')}`;
      failures.push({ reason: 'needs-removal', packages: removed, detail });
    }
  }
  const start = lines.findIndex((line) => line.startsWith('The following packages have unmet dependencies:'));
  for (const line of start === -1 ? [] : lines.slice(start + 1)) {
    const unmet = /^ (\S+) : (.*)$/.exec(line);
    if (unmet?.[1] === undefined) continue;
    failures.push({ reason: 'dependency-blocked', packages: [unmet[1]], detail: `${unmet[1]}: ${unmet[2] ?? ''}` });
  }
  return failures;
}
