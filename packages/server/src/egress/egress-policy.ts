import { BlockList, isIP } from 'node:net';
import { isAbsolute, relative } from 'node:path';
import { EgressError } from './egress-error.ts';

/** Where this server may reach out to. */
export interface EgressPolicy {
  /** Whether it may connect to an address (not a name). */
  mayConnect(address: string): boolean;
  /** Whether it may read a file of its own machine for somebody. */
  mayRead(path: string): boolean;
}

/**
 * Addresses at which a server finds what trusts it for being there: itself, its link, the metadata services of clouds
 * (169.254.169.254, fd00:ec2::254, 100.100.100.200), and what is no address of one host (RFC 6890).
 */
const refused: readonly [network: string, prefix: number, family: 'ipv4' | 'ipv6'][] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['100.100.100.200', 32, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['224.0.0.0', 4, 'ipv4'],
  ['240.0.0.0', 4, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['::1', 128, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['fd00:ec2::254', 128, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
  // Gateways to IPv4, behind which all of the above may stand.
  ['64:ff9b::', 96, 'ipv6'],
  ['2002::', 16, 'ipv6'],
];

/**
 * The policy that `--egress-allow` makes: each entry an address, a network (`10.0.0.0/8`) or a directory
 * (`file:/srv/mirror`) that is allowed beside everything that is not refused.
 * @throws EgressError EGRESS_RULE for an entry that is none of these
 */
export function createEgressPolicy(allowed: readonly string[]): EgressPolicy {
  const refusedList = new BlockList();
  for (const [network, prefix, family] of refused) refusedList.addSubnet(network, prefix, family);
  const allowedList = new BlockList();
  const directories: string[] = [];
  for (const entry of allowed) {
    if (entry.startsWith('file:/')) directories.push(entry.slice('file:'.length).replace(/^\/+/, '/'));
    else allowNetwork(allowedList, entry);
  }
  return {
    mayConnect(address) {
      const version = isIP(address);
      if (version === 0) return false;
      const family = version === 4 ? 'ipv4' : 'ipv6';
      return allowedList.check(address, family) || !refusedList.check(address, family);
    },
    mayRead: (path) =>
      isAbsolute(path) &&
      directories.some((directory) => {
        const below = relative(directory, path);
        return below === '' || !(below.startsWith('..') || isAbsolute(below));
      }),
  };
}

function allowNetwork(list: BlockList, entry: string): void {
  const [network = '', prefix, ...rest] = entry.split('/');
  const version = isIP(network);
  const bits = version === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  if (version === 0 || rest.length > 0 || prefix === '' || !Number.isInteger(length) || length < 0 || length > bits) {
    throw new EgressError(
      'EGRESS_RULE',
      `${JSON.stringify(entry)} is no address (192.0.2.1), network (10.0.0.0/8) or directory (file:/srv/mirror).`,
    );
  }
  list.addSubnet(network, length, version === 4 ? 'ipv4' : 'ipv6');
}
