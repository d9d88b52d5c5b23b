import { expect, it } from 'vitest';
import { isReachableForRecipes } from './reachable-addresses.ts';

it.each([
  '127.0.0.1',
  '127.9.9.9',
  '0.0.0.0',
  '169.254.169.254',
  '::1',
  'fe80::1',
  '::ffff:127.0.0.1',
  'fd00:ec2::254',
])('keeps downloads of recipes from %s', (address) => {
  expect(isReachableForRecipes(address)).toBe(false);
});

it.each(['192.0.2.1', '10.0.0.5', '2001:db8::1'])('lets downloads of recipes reach %s', (address) => {
  expect(isReachableForRecipes(address)).toBe(true);
});
