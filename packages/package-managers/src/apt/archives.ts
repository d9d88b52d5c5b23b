import type { ArchiveAddress } from '@patchbay/facts';
import { ParseError } from '../parse-error.ts';
import type { CommandOutput, Query } from '../query.ts';
import { type AptOptions, aptArguments } from './options.ts';

/** One index of packages that apt holds in its lists. */
export interface ArchiveTarget {
  readonly address: ArchiveAddress;
  /** Path of the index, in whatever compression its name says. */
  readonly filename: string;
  /** Where its verified Release file is; the first that exists counts. */
  readonly releaseFilenames: readonly string[];
  /** Its path in the Release file, without compression: `main/binary-amd64/Packages`. */
  readonly metaKey: string;
}

/** One index of packages that the sources name, whether apt could fetch it or not. */
export interface ConfiguredArchive {
  readonly address: ArchiveAddress;
}

const separator = '\t';
const targetFields = ['REPO_URI', 'RELEASE', 'COMPONENT', 'ARCHITECTURE', 'METAKEY', 'FILENAME'];

/**
 * The indexes in apt's lists (apt-get(8), indextargets). An archive that was never fetched is NOT among them: compare
 * with `configuredArchives`.
 */
export function archiveTargets(options: AptOptions): Query<ArchiveTarget[]> {
  const format = targetFields.map((field) => `$(${field})`).join(separator);
  return {
    argv: ['apt-get', ...aptArguments(options), 'indextargets', '--format', format, 'Created-By: Packages'],
    parse: parseArchiveTargets,
  };
}

export function parseArchiveTargets(output: CommandOutput): ArchiveTarget[] {
  requireSuccess(output, 'apt-get indextargets');
  return output.stdout.split('\n').flatMap((line, index): ArchiveTarget[] => {
    if (line === '') return [];
    const fields = line.split(separator);
    const [uri, suite, component, architecture, metaKey, filename] = fields;
    if (fields.length !== targetFields.length || !uri || !suite || !metaKey || !filename) {
      throw new ParseError(
        'UNREADABLE_OUTPUT',
        'apt-get indextargets',
        index + 1,
        `${targetFields.length} fields expected in ${line}`,
      );
    }
    // apt names a list file after its URI with "/" as "_" and quotes every "_" in it, so parts can be counted.
    const base = filename.split('_').slice(0, -metaKey.split('/').length).join('_');
    return [
      {
        address: {
          uri: cleanUri(uri),
          suite,
          component: unset(component),
          // A flat archive has no architectures.
          architecture: unset(architecture) || 'any',
        },
        filename,
        releaseFilenames: [`${base}_InRelease`, `${base}_Release`],
        metaKey,
      },
    ];
  });
}

/** apt leaves a placeholder standing whose value an index does not have. */
function unset(field: string | undefined): string {
  return field === undefined || field.startsWith('$(') ? '' : field;
}

/**
 * Every index of packages that the sources name (apt-get(8), --print-uris), with nothing fetched. Those for the
 * architecture `all` are left out: which archives have them apart, only a fetched Release file says.
 */
export function configuredArchives(options: AptOptions): Query<ConfiguredArchive[]> {
  return { argv: ['apt-get', ...aptArguments(options), '--print-uris', 'update'], parse: parseConfiguredArchives };
}

export function parseConfiguredArchives(output: CommandOutput): ConfiguredArchive[] {
  requireSuccess(output, 'apt-get --print-uris update');
  const uris = output.stdout.split('\n').flatMap((line, index) => {
    if (line === '') return [];
    const match = /^'([^']+)' \S+ \d+ ?(.*)$/.exec(line);
    if (match?.[1] === undefined) {
      throw new ParseError(
        'UNREADABLE_OUTPUT',
        'apt-get --print-uris update',
        index + 1,
        `expected 'URI' name size, found ${line}`,
      );
    }
    return [match[1]];
  });
  const releases = uris.filter((uri) => uri.endsWith('/InRelease')).map((uri) => uri.slice(0, -'InRelease'.length));
  return uris.flatMap((uri) => {
    const base = releases.filter((release) => uri.startsWith(release)).sort((a, b) => b.length - a.length)[0];
    const index =
      base === undefined ? null : /^(?:(.*)\/binary-([^/]+)\/)?Packages(?:\.\w+)?$/.exec(uri.slice(base.length));
    if (base === undefined || index === null || index[2] === 'all') return [];
    return [{ address: { ...splitBase(base), component: index[1] ?? '', architecture: index[2] ?? 'any' } }];
  });
}

function splitBase(base: string): { uri: string; suite: string } {
  const dists = base.lastIndexOf('/dists/');
  if (dists !== -1) return { uri: cleanUri(base.slice(0, dists)), suite: base.slice(dists + 7, -1) };
  // sources.list(5): a flat archive's suite is an exact path that ends in "/", mostly "./".
  const flat = /^(.*?)\/(\.\/|[^/]+\/)$/.exec(base);
  return { uri: cleanUri(flat?.[1] ?? base), suite: flat?.[2] ?? './' };
}

/** Without credentials and without a trailing slash: what facts may carry. */
export function cleanUri(uri: string): string {
  return uri.replace(/^([a-z0-9+.-]+:\/\/)[^/]*@/i, '$1').replace(/\/+$/, '');
}

export function requireSuccess(output: CommandOutput, command: string): void {
  if (output.exitCode === 0) return;
  const problem = output.stderr.trim() || `it ended with status ${output.exitCode}`;
  throw new ParseError('UNREADABLE_OUTPUT', command, 1, problem);
}
