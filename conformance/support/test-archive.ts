import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { type BuiltPackage, buildTestPackage, type TestPackage } from './test-package-build.ts';
import { createSigningKey, type TestSigningKey } from './test-signing-key.ts';

/** Fields of the Release file; `debianRelease` and its neighbours have what Debian's archives say. */
export interface TestRelease {
  readonly origin: string;
  readonly label: string;
  readonly suite: string;
  readonly codename: string;
}

export const debianRelease: TestRelease = {
  origin: 'Debian',
  label: 'Debian',
  suite: 'oldstable',
  codename: 'bookworm',
};
export const debianSecurityRelease: TestRelease = {
  origin: 'Debian',
  label: 'Debian-Security',
  suite: 'oldstable-security',
  codename: 'bookworm-security',
};
export const debianUpdatesRelease: TestRelease = {
  origin: 'Debian',
  label: 'Debian',
  suite: 'oldstable-updates',
  codename: 'bookworm-updates',
};

/** How an archive presents itself. What is left out stays as it is. */
export interface TestArchiveCondition {
  /** `unknown-key`: a good signature by somebody else. `corrupt`: the content was changed after signing. */
  readonly signature: 'valid' | 'unknown-key' | 'corrupt' | 'none';
  /** `refused`: nobody listens. `missing`: every file is 404. `index-missing`: Release is there, Packages is not. */
  readonly reachability: 'reachable' | 'refused' | 'missing' | 'index-missing';
  readonly date: Date;
  readonly validUntil: Date | null;
}

export interface TestArchive {
  readonly name: string;
  readonly release: TestRelease;
  /** URI for sources, without a trailing slash. */
  readonly uri: string;
  /** Adds versions to what is there; older versions stay until `withdraw`. */
  publish(...packages: readonly TestPackage[]): Promise<void>;
  /** Takes one version away, or all versions of a name. */
  withdraw(name: string, version?: string): Promise<void>;
  present(condition: Partial<TestArchiveCondition>): Promise<void>;
  /** A deb822 stanza (sources.list(5)) for this archive; the keyring path is as seen on the node. */
  sourcesStanza(keyringPath: string): string;
  /** Paths asked for since the start, as `GET path`. */
  readonly requests: readonly string[];
}

export interface TestArchives<Name extends string> {
  readonly archives: Readonly<Record<Name, TestArchive>>;
  /** The public key of all of them. */
  readonly keyring: Uint8Array;
  close(): Promise<void>;
}

/** `127.0.0.1:PORT` of each: what is inside an image may reach them only where they are named. */
export function listHosts(archives: Readonly<Record<string, TestArchive>>): string[] {
  return Object.values(archives).map(({ uri }) => new URL(uri).host);
}

/** Debian's name for this machine's processor. */
export const nativeArchitecture: string = process.arch === 'x64' ? 'amd64' : process.arch;

/** Starts signed archives on loopback, each on a port of its own, all empty. */
export async function startTestArchives<Name extends string>(
  releases: Readonly<Record<Name, TestRelease>>,
): Promise<TestArchives<Name>> {
  const [key, strangerKey] = await Promise.all([createSigningKey('archive'), createSigningKey('stranger')]);
  const entries = Object.entries<TestRelease>(releases).map(async ([name, release]) => {
    const archive = createArchive(name, release, { key, strangerKey });
    await archive.api.present({});
    return [name, archive] as const;
  });
  const opened = await Promise.all(entries);
  return {
    archives: Object.fromEntries(opened.map(([name, { api }]) => [name, api])) as Record<Name, TestArchive>,
    keyring: key.keyring,
    async close() {
      await Promise.all(opened.map(([, archive]) => archive.listener.close()));
      await Promise.all([key.close(), strangerKey.close()]);
    },
  };
}

interface SigningKeys {
  readonly key: TestSigningKey;
  readonly strangerKey: TestSigningKey;
}

function createArchive(name: string, release: TestRelease, keys: SigningKeys) {
  let packages: readonly BuiltPackage[] = [];
  let files = new Map<string, Buffer>();
  let condition: TestArchiveCondition = {
    signature: 'valid',
    reachability: 'reachable',
    date: new Date(),
    validUntil: null,
  };
  const requests: string[] = [];
  const listener = createListener((method, path) => {
    requests.push(`${method} ${path}`);
    return files.get(path);
  });
  const refresh = async () => {
    files = await writeArchive(release, packages, condition, keys);
    if (condition.reachability === 'refused') await listener.close();
    else await listener.open();
  };
  const api: TestArchive = {
    name,
    release,
    requests,
    get uri() {
      return `http://127.0.0.1:${listener.port()}/${name}`;
    },
    async publish(...added) {
      packages = [...packages, ...(await Promise.all(added.map(buildTestPackage)))];
      condition = { ...condition, date: new Date() };
      await refresh();
    },
    async withdraw(withdrawn, version) {
      packages = packages.filter(
        ({ description }) =>
          description.name !== withdrawn || (version !== undefined && description.version !== version),
      );
      await refresh();
    },
    async present(changes) {
      condition = { ...condition, ...changes };
      await refresh();
    },
    sourcesStanza: (keyringPath) =>
      `Types: deb\nURIs: ${api.uri}\nSuites: ${release.codename}\nComponents: main\nSigned-By: ${keyringPath}\n`,
  };
  return { api, listener };
}

/** A file server that can go away and come back on the same port. Paths are below the archive's name. */
function createListener(findFile: (method: string, path: string) => Buffer | undefined) {
  let port = 0;
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/')
      .split('/')
      .slice(2)
      .join('/');
    const content = findFile(request.method ?? 'GET', path);
    response.writeHead(content === undefined ? 404 : 200, { 'content-length': content?.length ?? 0 });
    response.end(request.method === 'HEAD' ? undefined : content);
  });
  return {
    port: () => port,
    async open() {
      if (server.listening) return;
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      if (address !== null && typeof address === 'object') port = address.port;
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** All files of an archive by their path (Debian wiki, DebianRepository/Format). */
async function writeArchive(
  release: TestRelease,
  packages: readonly BuiltPackage[],
  condition: TestArchiveCondition,
  keys: SigningKeys,
): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  if (condition.reachability === 'missing') return files;
  for (const { filename, content } of packages) files.set(filename, content);
  const architectures = architecturesOf(packages);
  const indexes = new Map<string, Buffer>();
  for (const architecture of architectures) {
    const held = packages.filter(
      ({ description: { architecture: own = 'all' } }) => own === 'all' || own === architecture,
    );
    const index = Buffer.from(held.map(({ stanza }) => stanza).join('\n'));
    indexes.set(`main/binary-${architecture}/Packages`, index);
    indexes.set(`main/binary-${architecture}/Packages.gz`, gzipSync(index));
  }
  const folder = `dists/${release.codename}`;
  if (condition.reachability !== 'index-missing') {
    for (const [path, content] of indexes) files.set(`${folder}/${path}`, content);
  }
  const text = writeRelease(release, architectures, indexes, condition);
  if (condition.signature === 'none') {
    files.set(`${folder}/Release`, Buffer.from(text));
    return files;
  }
  const signer = condition.signature === 'unknown-key' ? keys.strangerKey : keys.key;
  const signed = await signer.clearSign(text);
  const presented = condition.signature === 'corrupt' ? signed.replace('Components: main', 'Components: evil') : signed;
  files.set(`${folder}/InRelease`, Buffer.from(presented));
  return files;
}

/** This machine's own first, then those of the packages. */
function architecturesOf(packages: readonly BuiltPackage[]): string[] {
  const own = packages.map(({ description }) => description.architecture ?? 'all');
  return [...new Set([nativeArchitecture, ...own.filter((architecture) => architecture !== 'all').sort()])];
}

function writeRelease(
  release: TestRelease,
  architectures: readonly string[],
  indexes: ReadonlyMap<string, Buffer>,
  condition: TestArchiveCondition,
): string {
  const lines = [
    `Origin: ${release.origin}`,
    `Label: ${release.label}`,
    `Suite: ${release.suite}`,
    `Codename: ${release.codename}`,
    `Date: ${condition.date.toUTCString().replace('GMT', 'UTC')}`,
    ...(condition.validUntil === null
      ? []
      : [`Valid-Until: ${condition.validUntil.toUTCString().replace('GMT', 'UTC')}`]),
    'Acquire-By-Hash: no',
    `Architectures: all ${architectures.join(' ')}`,
    'Components: main',
    'SHA256:',
    ...[...indexes].map(([path, content]) => {
      const digest = createHash('sha256').update(content).digest('hex');
      return ` ${digest} ${content.length} ${path}`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}
