/** The parts of a Debian version (deb-version(7)): epoch before the first colon, revision after the last hyphen. */
export interface VersionParts {
  readonly epoch: number;
  readonly upstreamVersion: string;
  /** Empty for a native package. */
  readonly revision: string;
}

export function splitVersion(version: string): VersionParts {
  const [, epoch = '0', rest = version] = /^(\d{1,10}):(.*)$/.exec(version) ?? [];
  const hyphen = rest.lastIndexOf('-');
  return hyphen === -1
    ? { epoch: Number(epoch), upstreamVersion: rest, revision: '' }
    : { epoch: Number(epoch), upstreamVersion: rest.slice(0, hyphen), revision: rest.slice(hyphen + 1) };
}
