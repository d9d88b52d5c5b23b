import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NetworkError } from './network-error.ts';

/** Debian's archives as a machine's own sources name them. */
export interface DebianArchives {
  readonly main: string;
  readonly security: string;
}

interface Source {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
}

/** Stanzas of deb822 files (sources.list(5)). */
export function parseSourcesStanzas(text: string): Source[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string) =>
      new RegExp(`^${name}:[ \\t]*(.+)$`, 'im').exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
    const isBinary =
      field('Types').includes('deb') &&
      !/^(?:no|false|without|off|disable|0)$/i.test(field('Enabled')[0] ?? '') &&
      field('Components').includes('main');
    return isBinary ? [{ uris: field('URIs'), suites: field('Suites') }] : [];
  });
}

/** One-line entries of sources.list(5). */
export function parseSourcesLines(text: string): Source[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(?<uri>\S+)\s+(?<suite>\S+)\s+(?<components>.*)$/.exec(line)?.groups;
    const isMain = match?.components?.split(/\s+/).includes('main') === true;
    return match?.uri && match.suite && isMain ? [{ uris: [match.uri], suites: [match.suite] }] : [];
  });
}

/** Picks Debian's main and security archive out of a machine's sources, whatever release the machine itself runs. */
export function chooseArchives(sources: readonly Source[]): DebianArchives | undefined {
  const withSuite = (pattern: RegExp) => sources.find((source) => source.suites.some((suite) => pattern.test(suite)));
  const main = withSuite(/^(bullseye|bookworm|trixie|stable|oldstable)$/)?.uris[0];
  const security = withSuite(/^(bullseye|bookworm|trixie|stable|oldstable)-security$/)?.uris[0];
  return main && security ? { main, security } : undefined;
}

/** Reads this machine's own sources. @throws NetworkError NO_SOURCES when they have no Debian main and security archive. */
export async function findDebianArchives(folder = '/etc/apt'): Promise<DebianArchives> {
  const sources: Source[] = [];
  const read = (path: string) => readFile(path, 'utf8').catch(() => '');
  sources.push(...parseSourcesLines(await read(join(folder, 'sources.list'))));
  const names = await readdir(join(folder, 'sources.list.d')).catch(() => []);
  for (const name of [...names].sort((left, right) => (left < right ? -1 : 1))) {
    const text = await read(join(folder, 'sources.list.d', name));
    if (name.endsWith('.sources')) sources.push(...parseSourcesStanzas(text));
    else if (name.endsWith('.list')) sources.push(...parseSourcesLines(text));
  }
  const archives = chooseArchives(sources);
  if (!archives) {
    throw new NetworkError(
      'NO_SOURCES',
      "Packages come from the archives of this machine's own apt sources, and they name no Debian main and security archive. It takes a Debian machine with both in /etc/apt.",
    );
  }
  return archives;
}
