import { lookup } from 'node:dns';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { request } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { join } from 'node:path';
import { OverrideSourceError } from './errors.ts';

export interface OverrideSources {
  /** What `--override-allow` named: `https://host/path/`; addresses must begin with one of them. */
  readonly allowed: readonly string[];
  /** Where the files of `patchbay-override:NAME` lie; null where there is no such directory. */
  readonly directory: string | null;
  /** Further trusted certificates in PEM, for tests. */
  readonly certificates?: string;
}

/** Reads what stands at the address of an override. */
export type ReadOverride = (address: string) => Promise<string>;

const mostBytes = 1024 * 1024;
const timeoutMilliseconds = 10_000;
const fileScheme = 'patchbay-override:';

/** Addresses that no name of the outside world may lead to: this machine and its link (RFC 6890). */
const near = new BlockList();
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['0.0.0.0', 8],
] as const) {
  near.addSubnet(network, prefix, 'ipv4');
}
near.addAddress('::1', 'ipv6');
near.addAddress('::', 'ipv6');
near.addSubnet('fe80::', 10, 'ipv6');

/** Whether an address is this machine or on its link; IPv4 within IPv6 counts as what it is. */
export function isNear(address: string): boolean {
  return near.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** Checks what `--override-allow` may say. @throws OverrideSourceError */
export function parseAllowed(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:' || url.username || url.password || url.search || url.hash) {
    throw new OverrideSourceError('OVERRIDE_ADDRESS', `Expected an address such as https://host/path/, not ${text}.`);
  }
  return url.href;
}

/** The path must begin with the allowed one at a `/`, so that `/lists` does not allow `/lists-of-others`. */
function isAllowed(url: URL, allowed: readonly string[]): boolean {
  return allowed.some((entry) => {
    const { origin, pathname } = new URL(entry);
    if (url.origin !== origin || url.username !== '' || url.password !== '') return false;
    return url.pathname === pathname || url.pathname.startsWith(pathname.endsWith('/') ? pathname : `${pathname}/`);
  });
}

/** Overrides come from addresses that the operator allowed, or from files that the operator put into one directory. */
export function createOverrideReader(sources: OverrideSources): ReadOverride {
  return async (address) => {
    if (address.startsWith(fileScheme)) return await readNamedFile(sources.directory, address.slice(fileScheme.length));
    if (address.startsWith('s3://')) {
      throw new OverrideSourceError(
        'OVERRIDE_ADDRESS',
        `There is no S3 here. Put the file into the control plane's overrides directory and name it ${fileScheme}NAME, or serve it over https.`,
      );
    }
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (url?.protocol !== 'https:') {
      throw new OverrideSourceError(
        'OVERRIDE_ADDRESS',
        `${address} is neither an https address nor ${fileScheme}NAME.`,
      );
    }
    if (!isAllowed(url, sources.allowed)) {
      const known = sources.allowed.join(', ') || 'none';
      throw new OverrideSourceError(
        'OVERRIDE_ADDRESS',
        `${url.origin}${url.pathname} is not among the addresses that --override-allow names (${known}).`,
      );
    }
    return await download(url, sources.certificates);
  };
}

async function readNamedFile(directory: string | null, name: string): Promise<string> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) {
    throw new OverrideSourceError(
      'OVERRIDE_ADDRESS',
      `${fileScheme} takes the name of a file in the overrides directory: letters, digits, dots, hyphens, underscores.`,
    );
  }
  const unreadable = (why: string, cause?: unknown) =>
    new OverrideSourceError('OVERRIDE_UNREADABLE', `The override ${name} cannot be read: ${why}.`, { cause });
  if (directory === null) throw unreadable('this control plane has no overrides directory');
  let file: FileHandle;
  try {
    // No symlink: it could lead out of the directory. Not waiting for the other end of a pipe.
    file = await open(join(directory, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw unreadable('there is no such file in the overrides directory', error);
  }
  try {
    const status = await file.stat();
    if (!status.isFile()) throw unreadable('it is no ordinary file');
    if (status.size > mostBytes) throw unreadable(`it is longer than ${mostBytes} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Refuses names that lead to this machine or its link, at the moment of the connection: a name can change its mind. */
const lookUpAfar: LookupFunction = (host, options, callback) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    const close = addresses?.find(({ address }) => isNear(address));
    const first = addresses?.[0];
    if (error || !first) callback(error ?? new Error(`${host} has no address`), '', 0);
    else if (close) callback(new Error(`${host} leads to ${close.address}, which is this machine or its link`), '', 0);
    else if (options.all) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

/** `localhost` and addresses in numbers are what the operator allowed by that very name. */
function isNamedLiterally({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname.startsWith('[') || isIP(hostname) !== 0;
}

async function download(url: URL, certificates: string | undefined): Promise<string> {
  const where = `${url.origin}${url.pathname}`;
  return await new Promise<string>((resolve, reject) => {
    const fail = (why: string, cause?: unknown) => {
      reject(new OverrideSourceError('OVERRIDE_UNREADABLE', `${where} cannot be read: ${why}.`, { cause }));
    };
    const call = request(
      url,
      {
        headers: { accept: '*/*' },
        signal: AbortSignal.timeout(timeoutMilliseconds),
        ...(isNamedLiterally(url) ? {} : { lookup: lookUpAfar }),
        ...(certificates === undefined ? {} : { ca: certificates }),
      },
      (response) => {
        if (response.statusCode !== 200) {
          response.resume();
          // A redirect could lead where the operator did not allow.
          fail(`it answered ${response.statusCode ?? 'nothing'}, and redirects are not followed`);
          return;
        }
        const parts: Buffer[] = [];
        let size = 0;
        response.on('data', (part: Buffer) => {
          size += part.length;
          parts.push(part);
          if (size > mostBytes) {
            fail(`it is longer than ${mostBytes} bytes`);
            call.destroy();
          }
        });
        response.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
        response.on('error', (error) => fail(error.message, error));
      },
    );
    call.on('error', (error) => fail(error.message, error));
    call.end();
  });
}
