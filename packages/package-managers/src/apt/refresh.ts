import type { ArchiveAddress, ArchiveStatus } from '@patchbay/facts';
import { ParseError } from '../parse-error.ts';
import type { CommandOutput, Query } from '../query.ts';
import { cleanUri } from './archives.ts';
import { type AptOptions, aptArguments } from './options.ts';

/** What went wrong with one archive, or with one index of it where component and architecture are named. */
export interface ArchiveProblem {
  readonly uri: string;
  readonly suite: string;
  readonly component: string | null;
  readonly architecture: string | null;
  readonly status: Exclude<ArchiveStatus, 'current'>;
  readonly reason: string;
}

export interface RefreshOutcome {
  /** Archives that apt reported on at all. */
  readonly seen: readonly { readonly uri: string; readonly suite: string }[];
  readonly problems: readonly ArchiveProblem[];
  readonly warnings: readonly string[];
}

const command = 'apt-get update';
type Suite = RefreshOutcome['seen'][number];

/**
 * Fetches and verifies all archives. What apt calls a transient failure leaves the old lists in place and would end with
 * status 0; with Error-Mode it does not, and either way the outcome names the archive.
 */
export function refresh(options: AptOptions): Query<RefreshOutcome> {
  return {
    argv: ['apt-get', ...aptArguments(options), '-o', 'APT::Update::Error-Mode=any', '-q', 'update'],
    parse: parseRefresh,
  };
}

export function parseRefresh(output: CommandOutput): RefreshOutcome {
  const lines = output.stdout.split('\n');
  const seen = findSuites(lines);
  const problems: ArchiveProblem[] = [];
  const warnings: string[] = [];
  for (const [index, line] of lines.entries()) {
    const item = /^Err:\d+ (\S+) (.+)$/.exec(line);
    if (item?.[1] === undefined || item[2] === undefined) continue;
    const reason = (lines[index + 1] ?? '').startsWith('  ') ? (lines[index + 1] ?? '').trim() : 'apt gave no reason';
    const place = locate(cleanUri(item[1]), item[2], seen);
    if (place === null) warnings.push(`${item[1]} ${item[2]}: ${reason}`);
    else addProblem(problems, { ...place, status: classify(reason), reason });
  }
  for (const [index, line] of output.stderr.split('\n').entries())
    readMessage(line, index + 1, seen, problems, warnings);
  if (output.exitCode !== 0 && problems.length === 0) {
    throw new ParseError(
      'UNREADABLE_OUTPUT',
      command,
      1,
      output.stderr.trim() || `status ${output.exitCode} without a reason`,
    );
  }
  return { seen, problems, warnings };
}

/** How one archive fared; an archive that apt did not mention is unreachable, not current. */
export function archiveStatus(
  outcome: RefreshOutcome,
  address: ArchiveAddress,
): { status: ArchiveStatus; reason: string | null } {
  const isHere = (place: Suite): boolean => place.uri === address.uri && place.suite === address.suite;
  const problem = outcome.problems.find(
    (candidate) =>
      isHere(candidate) &&
      (candidate.component === null || candidate.component === address.component) &&
      (candidate.architecture === null || candidate.architecture === address.architecture),
  );
  if (problem !== undefined) return { status: problem.status, reason: problem.reason };
  if (outcome.seen.some(isHere)) return { status: 'current', reason: null };
  return { status: 'unreachable', reason: 'apt-get update did not report on this archive' };
}

function findSuites(lines: readonly string[]): Suite[] {
  const seen: Suite[] = [];
  for (const line of lines) {
    const match = /^(?:Hit|Get|Ign|Err):\d+ (\S+) (\S+) (?:InRelease|Release)\b/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) continue;
    const suite = { uri: cleanUri(match[1]), suite: match[2] };
    if (!seen.some((one) => one.uri === suite.uri && one.suite === suite.suite)) seen.push(suite);
  }
  return seen;
}

type Place = Omit<ArchiveProblem, 'status' | 'reason'>;

/** The place that an item of apt's progress speaks of; null for files that say nothing about packages. */
function locate(uri: string, description: string, seen: readonly Suite[]): Place | null {
  const release = /^(\S+) (?:InRelease|Release|Release\.gpg)(?: |$)/.exec(description);
  if (release?.[1] !== undefined) return { uri, suite: release[1], component: null, architecture: null };
  const index = /^(\S+)(?: (\S+))? Packages(?: |$)/.exec(description);
  if (index?.[1] === undefined) return null;
  const path = index[1];
  const suite = seen.find((one) => one.uri === uri && (path === one.suite || path.startsWith(`${one.suite}/`)))?.suite;
  if (suite === undefined) return { uri, suite: path.replace(/\/[^/]+$/, ''), component: null, architecture: null };
  return { uri, suite, component: path.slice(suite.length + 1), architecture: index[2] ?? 'any' };
}

function classify(reason: string): ArchiveProblem['status'] {
  if (/signature|NO_PUBKEY|BADSIG|EXPKEYSIG|REVKEYSIG|Clearsigned|NOSPLIT|GPG error/i.test(reason))
    return 'badly-signed';
  if (/unexpected size|hash sum mismatch|weak|decompress|corrupt|unable to parse/i.test(reason)) return 'unreadable';
  return 'unreachable';
}

function readMessage(
  line: string,
  lineNumber: number,
  seen: readonly Suite[],
  problems: ArchiveProblem[],
  warnings: string[],
): void {
  const message = /^([EW]): (.*)$/.exec(line)?.[2];
  if (message === undefined || message.startsWith('Some index files failed to download')) return;
  const gpgError = /GPG error: (\S+) (\S+) (?:In)?Release: (.*)$/.exec(message);
  const repository = /^(?:The )?[Rr]epository '(\S+) (\S+) (?:In)?Release' (.*)$/.exec(message);
  const dated = /^Release file for (\S+)\/(?:In)?Release is (.*)$/.exec(message);
  const fetched = /^Failed to fetch (\S+) {2}(.*)$/.exec(message);
  if (gpgError?.[3] !== undefined) {
    addProblem(problems, { ...suiteOf(gpgError), status: 'badly-signed', reason: gpgError[3] });
  } else if (repository?.[3] !== undefined) {
    addProblem(problems, { ...suiteOf(repository), status: classifyRepository(repository[3]), reason: message });
  } else if (dated?.[1] !== undefined) {
    addProblem(problems, { ...placeOfUrl(`${dated[1]}/`, seen), status: 'expired', reason: message });
  } else if (fetched?.[1] !== undefined) {
    addProblem(problems, {
      ...placeOfUrl(fetched[1], seen),
      status: classify(fetched[2] ?? ''),
      reason: fetched[2] ?? '',
    });
  } else if (line.startsWith('W:')) {
    warnings.push(message);
  } else {
    throw new ParseError('UNREADABLE_OUTPUT', command, lineNumber, message);
  }
}

function classifyRepository(statement: string): ArchiveProblem['status'] {
  if (/^is (?:not|no longer) signed/.test(statement)) return 'unsigned';
  if (/Release file/.test(statement)) return 'unreachable';
  return 'unreadable';
}

function suiteOf(match: RegExpExecArray): Place {
  return { uri: cleanUri(match[1] ?? ''), suite: match[2] ?? '', component: null, architecture: null };
}

function placeOfUrl(url: string, seen: readonly Suite[]): Place {
  const clean = url.replace(/^([a-z0-9+.-]+:\/\/)[^/]*@/i, '$1');
  for (const suite of seen) {
    const base = suite.suite.endsWith('/') ? `${suite.uri}/${suite.suite}` : `${suite.uri}/dists/${suite.suite}/`;
    if (!clean.startsWith(base)) continue;
    const index = /^(.*)\/binary-([^/]+)\/Packages/.exec(clean.slice(base.length));
    return { ...suite, component: index?.[1] ?? null, architecture: index?.[2] ?? null };
  }
  const dists = /^(.*)\/dists\/(.*?)\/(?:(?:In)?Release)?$/.exec(clean);
  return { uri: dists?.[1] ?? clean, suite: dists?.[2] ?? '', component: null, architecture: null };
}

/** The first finding about a place stays: apt adds "is not signed" to a signature that it found bad. */
function addProblem(problems: ArchiveProblem[], problem: ArchiveProblem): void {
  const isKnown = problems.some(
    (one) =>
      one.uri === problem.uri &&
      one.suite === problem.suite &&
      (one.component === null || (one.component === problem.component && one.architecture === problem.architecture)),
  );
  if (!isKnown) problems.push(problem);
}
