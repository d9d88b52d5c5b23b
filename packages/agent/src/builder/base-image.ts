import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { parseRelease } from '@patchbay/package-managers';
import { managedImages } from '@patchbay/patching';
import { z } from 'zod';
import { readProxyVariables } from '../client/index.ts';
import { defaultEnvironment, type Machine } from '../machine/index.ts';
import type { DebianArchives } from '../network/index.ts';
import { readJsonFile, writeFileDurably } from '../state/index.ts';
import { BuilderError } from './builder-error.ts';

/** What is known of a base image beside its files. */
const BaseImageNote = z.object({
  name: z.string(),
  /** Debian's point release and the day of its Release file: `12.15.20260711`. */
  version: z.string(),
  timestamp: z.iso.datetime(),
  archive: z.object({ uri: z.string(), suite: z.string(), releaseDigest: z.string(), date: z.string() }),
});

export interface BaseImage extends z.infer<typeof BaseImageNote> {
  /** A tar archive of its root file system. */
  readonly file: string;
}

export interface BaseImageRequest {
  readonly name: string;
  readonly archives: DebianArchives;
  /** Trusted to sign the archives. */
  readonly keyring: string;
  /** Where finished base images and package lists are kept. */
  readonly directory: string;
  /** This host, to run apt and mmdebstrap on. */
  readonly host: Pick<Machine, 'run'>;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

/** So many base images are kept; older ones are made again when somebody wants them. */
const mostKept = 6;

/**
 * The base image of a Debian release as its main archive is now: bootstrapped from nothing but that archive, which changes
 * with point releases only, so that every later update is a patch that a baseline decides about. Made once for each Release
 * file of the archive; the same Release file gives the same bytes (mmdebstrap(1), SOURCE_DATE_EPOCH).
 * @throws BuilderError UNKNOWN_BASE_IMAGE, BASE_IMAGE
 */
export async function obtainBaseImage(request: BaseImageRequest): Promise<BaseImage> {
  const { name, archives, keyring, directory, report } = request;
  const release = managedImages.find((each) => each.name === name);
  if (release === undefined) {
    const known = managedImages.map((each) => each.name).join(', ');
    throw new BuilderError('UNKNOWN_BASE_IMAGE', `There is no base image ${name}: this builder makes ${known}.`);
  }
  const suite = release.release;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  removeUnfinished(directory);
  const found = await fetchRelease(request, suite);
  const key = createHash('sha256')
    .update(JSON.stringify([name, architecture, archives, keyring, found.digest, recipeVersion]))
    .digest('hex')
    .slice(0, 24);
  const file = join(directory, `${name}-${key}.tar`);
  const noteFile = `${file}.json`;
  const note = existsSync(file) ? readJsonFile(noteFile, BaseImageNote) : null;
  if (note !== null) {
    report(`Base image ${name} ${note.version} is here already`);
    const now = new Date();
    utimesSync(file, now, now);
    return { ...note, file };
  }
  const made = {
    name,
    version: `${found.version}.${found.date.slice(0, 10).replaceAll('-', '')}`,
    timestamp: found.date,
    archive: { uri: archives.main, suite, releaseDigest: found.digest, date: found.date },
  };
  report(`Making the base image ${name} ${made.version}`);
  await bootstrap(request, { suite, file, timestamp: made.timestamp });
  writeFileDurably(noteFile, `${JSON.stringify(made)}\n`);
  removeOldest(directory);
  return { ...made, file };
}

/** Of all base images there are. */
const architecture = 'amd64';

/** Raised when what is put into a base image changes. */
const recipeVersion = 1;

interface FoundRelease {
  readonly digest: string;
  /** `12.15`. */
  readonly version: string;
  readonly date: string;
}

type ReleaseRequest = Pick<BaseImageRequest, 'archives' | 'keyring' | 'directory' | 'host' | 'signal'>;

/**
 * Lets apt fetch and verify the Release file of a suite, and nothing else.
 * @throws BuilderError BASE_IMAGE
 */
export async function fetchRelease(request: ReleaseRequest, suite: string): Promise<FoundRelease> {
  const { archives, keyring, directory, host, signal } = request;
  const work = join(directory, `lists-${suite}`);
  for (const folder of ['lists/partial', 'cache/archives/partial', 'state']) {
    mkdirSync(join(work, folder), { recursive: true, mode: 0o755 });
  }
  const sources = join(work, 'sources.list');
  writeFileDurably(sources, `deb [signed-by=${keyring}] ${archives.main} ${suite} main\n`);
  const withoutIndexes = ['Packages', 'Translations', 'DEP-11', 'Contents-deb'].map(
    (target) => `Acquire::IndexTargets::deb::${target}::DefaultEnabled=false`,
  );
  const settings = [
    `Dir::Etc::SourceList=${sources}`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State=${join(work, 'state')}`,
    `Dir::State::Lists=${join(work, 'lists')}`,
    `Dir::Cache=${join(work, 'cache')}`,
    // The folder is private, and apt's unprivileged user could not reach it.
    'APT::Sandbox::User=root',
    'APT::Update::Error-Mode=any',
    ...withoutIndexes,
  ];
  const output = await host.run({
    argv: ['apt-get', 'update', '-q', ...settings.flatMap((setting) => ['-o', setting])],
    environment: { ...defaultEnvironment, ...readProxyVariables(process.env) },
    timeoutSeconds: 120,
    signal,
  });
  const [release] = readdirSync(join(work, 'lists')).filter((name) => /_(?:In)?Release$/.test(name));
  if (output.exitCode !== 0 || release === undefined) {
    const detail = output.stderr.trim().split('\n').slice(-3).join('; ');
    throw new BuilderError('BASE_IMAGE', `The archive of ${suite} cannot be used: ${detail || 'apt said nothing'}`);
  }
  const content = readFileSync(join(work, 'lists', release));
  const { fields, version } = parseRelease(content.toString('utf8'), release);
  if (fields.date === null || !/^\d+(?:\.\d+)?$/.test(version)) {
    throw new BuilderError('BASE_IMAGE', `The Release file of ${suite} names no date, or no version such as 12.15.`);
  }
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  return { digest, version: version.includes('.') ? version : `${version}.0`, date: fields.date };
}

interface Bootstrap {
  readonly suite: string;
  readonly file: string;
  readonly timestamp: string;
}

/** What mmdebstrap takes over from the host, and what each start or each run would write anew. */
const leftovers = ['etc/resolv.conf', 'etc/hostname', 'var/cache/ldconfig/aux-cache', 'var/log/alternatives.log'];

/** Far more than a root, its packages and their lists need while it is made. */
const memoryBytes = 1024 ** 3;

/**
 * Runs a program whose temporary files are in memory, in a mount namespace, with which they go whatever ends it; on the disk
 * where they cannot be mounted. That saves more than the disk's time: ext4 gives no inode away again for minutes, and looks
 * through all that were just removed for each file that is unpacked next.
 */
const inMemory = `mount -t tmpfs -o mode=0700,size=${memoryBytes} tmpfs "$TMPDIR" || :; exec "$0" "$@"`;

/** However this process ends, all that was started ends with it (prctl(2), PR_SET_PDEATHSIG; pid_namespaces(7)). */
const diesWithUs = [
  'setpriv',
  '--pdeathsig=KILL',
  'unshare',
  '--mount',
  '--pid',
  '--mount-proc',
  '--fork',
  '--kill-child',
] as const;

async function bootstrap(request: BaseImageRequest, { suite, file, timestamp }: Bootstrap): Promise<void> {
  const { archives, keyring, host, signal, report } = request;
  const unfinished = `${file}.unfinished`;
  const temporary = `${file}.work`;
  for (const path of [unfinished, temporary]) rmSync(path, { force: true, recursive: true });
  const root = join(temporary, 'root');
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const line = (uri: string, name: string) => `deb [signed-by=${keyring}] ${uri} ${name} main`;
  const sources = [
    line(archives.main, suite),
    line(archives.main, `${suite}-updates`),
    line(archives.security, `${suite}-security`),
  ];
  writeFileDurably(join(temporary, 'sources.list'), `${sources.join('\n')}\n`);
  try {
    const output = await host.run({
      argv: [
        ...diesWithUs,
        'sh',
        '-c',
        process.availableMemory() > 3 * memoryBytes ? inMemory : 'exec "$0" "$@"',
        'mmdebstrap',
        '--quiet',
        '--variant=minbase',
        '--format=tar',
        `--architectures=${architecture}`,
        '--aptopt=Acquire::Languages "none"',
        `--customize-hook=cd "$1" && rm -f ${leftovers.join(' ')} && : >etc/machine-id && : >etc/hosts`,
        `--customize-hook=copy-in ${join(temporary, 'sources.list')} /etc/apt`,
        '--customize-hook=chmod 644 "$1/etc/apt/sources.list"',
        suite,
        unfinished,
        line(archives.main, suite),
      ],
      environment: {
        ...defaultEnvironment,
        ...readProxyVariables(process.env),
        SOURCE_DATE_EPOCH: String(Math.floor(Date.parse(timestamp) / 1000)),
        TMPDIR: root,
      },
      timeoutSeconds: 1800,
      signal,
      onOutput: ({ text }) => {
        for (const each of text.split('\n')) if (each.trim() !== '') report(each);
      },
    });
    if (output.exitCode !== 0) {
      const detail = output.stderr.trim().split('\n').slice(-5).join('; ');
      const why = output.isAborted ? 'it was stopped' : detail || `status ${output.exitCode}`;
      throw new BuilderError('BASE_IMAGE', `mmdebstrap could not make ${suite}: ${why}`);
    }
    renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
    rmSync(temporary, { force: true, recursive: true });
  }
}

/** What a killed builder left. Base images are made one at a time, so none of it is in use. */
function removeUnfinished(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (/\.(?:unfinished|work)$/.test(name)) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

/** Removes base images that nobody has used for longest. */
function removeOldest(directory: string): void {
  const kept = readdirSync(directory)
    .filter((name) => name.endsWith('.tar'))
    .map((name) => ({ path: join(directory, name), usedAt: statSync(join(directory, name)).mtimeMs }))
    .sort((left, right) => right.usedAt - left.usedAt);
  for (const { path } of kept.slice(mostKept)) {
    rmSync(path, { force: true });
    rmSync(`${path}.json`, { force: true });
  }
}
