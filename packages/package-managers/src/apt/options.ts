/**
 * The environment of every command here: messages are parsed, so their language is fixed; nothing may ask. apt-listchanges
 * and needrestart would otherwise print, mail or restart on their own.
 */
export const commandEnvironment: Readonly<Record<string, string>> = {
  LC_ALL: 'C',
  LANGUAGE: '',
  DEBIAN_FRONTEND: 'noninteractive',
  DEBCONF_NONINTERACTIVE_SEEN: 'true',
  APT_LISTCHANGES_FRONTEND: 'none',
  NEEDRESTART_SUSPEND: '1',
  UCF_FORCE_CONFFOLD: '1',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
};

/** Where apt shall work. All null: on the machine's own state. */
export interface AptOptions {
  /** A private lists directory, so that the machine's own lists are left alone; apt creates `partial` in it. */
  readonly listsDirectory: string | null;
  /** A private cache for archives and apt's binary caches. */
  readonly cacheDirectory: string | null;
  /** A file with the text of `privateConfig`, where the lists are private; null for none. */
  readonly configFile: string | null;
  /** How long to wait for a lock that someone else holds. */
  readonly lockTimeoutSeconds: number;
}

/** On the machine's own state, without waiting for locks. */
export const hostOptions: AptOptions = {
  listsDirectory: null,
  cacheDirectory: null,
  configFile: null,
  lockTimeoutSeconds: 0,
};

/**
 * The text of a configuration file for a private refresh. `#clear` works in files only (apt.conf(5)): without it the
 * machine's hooks on update (`rm` of its .deb files in containers, PackageKit, AppStream) would run and write to it.
 */
export const privateConfig = `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`;

/** The arguments that say where apt works, to stand before the subcommand. */
export function aptArguments(options: AptOptions): string[] {
  const settings = [`DPkg::Lock::Timeout=${options.lockTimeoutSeconds}`];
  if (options.listsDirectory !== null) {
    // Plain lists can be read without a decompressor; a compressed one is kept only where apt would have to convert it.
    settings.push(
      `Dir::State::lists=${options.listsDirectory}`,
      'Acquire::GzipIndexes=false',
      'Acquire::Languages=none',
      'APT::Get::List-Cleanup=true',
    );
  }
  if (options.cacheDirectory !== null) {
    settings.push(
      `Dir::Cache=${options.cacheDirectory}`,
      `Dir::Cache::archives=${options.cacheDirectory}/archives/`,
      'Dir::Cache::pkgcache=pkgcache.bin',
      'Dir::Cache::srcpkgcache=srcpkgcache.bin',
    );
  }
  const file = options.configFile === null ? [] : ['-c', options.configFile];
  return [...file, ...settings.flatMap((setting) => ['-o', setting])];
}

/**
 * For requests of exact versions: apt would otherwise bring along every other installed package of the same source
 * (`Upgrade-By-Source-Package`, apt 2.5.4), so that a plan could not leave a held or rejected one out.
 */
export const exactRequest: readonly string[] = ['-o', 'APT::Get::Upgrade-By-Source-Package=false', '--no-remove'];
