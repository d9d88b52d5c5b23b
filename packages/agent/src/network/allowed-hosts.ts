import { BlockList, isIP } from 'node:net';
import { NetworkError } from './network-error.ts';

/** What commands may reach. */
export interface AllowedHosts {
  /** Whether a host, as it was asked for, and a port are on the list. */
  allows(host: string, port: number): boolean;
  /** Whether a name on the list may stand for this address: never for this machine or its link, where much is trusted. */
  allowsAddress(host: string, address: string): boolean;
}

interface Entry {
  readonly host: string;
  readonly isWildcard: boolean;
  readonly port: number | null;
}

const standardPorts: readonly number[] = [80, 443];

/** Loopback, link-local (metadata services of clouds among them) and what is no address of one host (RFC 6890). */
const local = new BlockList();
for (const [network, prefix, family] of [
  ['0.0.0.0', 8, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 127, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['fd00:ec2::254', 128, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
] as const) {
  local.addSubnet(network, prefix, family);
}

/**
 * Reads a list of `deb.example.com`, `*.example.com` (any name below it), `192.0.2.1` or `[2001:db8::1]`, each with `:PORT`
 * after it or else for 80 and 443.
 *
 * @throws NetworkError INVALID_HOST
 */
export function readAllowedHosts(list: readonly string[]): AllowedHosts {
  const entries = list.map(readEntry);
  const find = (host: string) => entries.filter((entry) => matches(entry, normalize(host)));
  return {
    allows: (host, port) =>
      find(host).some((entry) => (entry.port === null ? standardPorts.includes(port) : entry.port === port)),
    allowsAddress: (host, address) => {
      if (isIP(address) === 0) return false;
      const isMeant = isIP(normalize(host)) !== 0 || normalize(host) === 'localhost';
      return isMeant || !isLocalHost(address);
    },
  };
}

/** Whether a host, as it is written, is this machine or its link, so that nobody else can be asked to reach it. */
export function isLocalHost(host: string): boolean {
  const written = normalize(host);
  const version = isIP(written);
  if (version === 0) return written === 'localhost';
  return local.check(written, version === 4 ? 'ipv4' : 'ipv6');
}

function readEntry(text: string): Entry {
  const [, written, port] = /^(\[[0-9a-fA-F:.]+\]|(?:\*\.)?[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  if (written === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) {
    throw new NetworkError(
      'INVALID_HOST',
      `${JSON.stringify(text)} is no host; expected deb.example.com, *.example.com, 192.0.2.1 or [2001:db8::1], with :PORT or without.`,
    );
  }
  const isWildcard = written.startsWith('*.');
  const host = normalize(isWildcard ? written.slice(1) : written);
  return { host, isWildcard, port: port === undefined ? null : Number(port) };
}

/** As it is compared: without brackets, the dot of a full name, or capitals. */
function normalize(host: string): string {
  return host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
}

function matches({ host, isWildcard }: Entry, asked: string): boolean {
  if (!isWildcard) return asked === host;
  // Another proxy might read an encoded character (`evil.test%00.example.com`) in its own way.
  return asked.endsWith(host) && asked.length > host.length && /^[a-z0-9._-]+$/.test(asked);
}
