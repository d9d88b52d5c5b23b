import { BlockList, isIP } from 'node:net';

const own = new BlockList();
own.addSubnet('0.0.0.0', 8);
own.addSubnet('127.0.0.0', 8);
// What a machine in a cloud is told about itself, credentials included.
own.addSubnet('169.254.0.0', 16);
own.addAddress('::', 'ipv6');
own.addAddress('::1', 'ipv6');
own.addSubnet('fe80::', 10, 'ipv6');
own.addAddress('fd00:ec2::254', 'ipv6');

/** Whether a download of a recipe may go to an address: not to the builder itself, nor to what it is told by its cloud. */
export function isReachableForRecipes(address: string): boolean {
  return !own.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
