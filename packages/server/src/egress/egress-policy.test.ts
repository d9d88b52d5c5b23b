import { describe, expect, it } from 'vitest';
import { createEgressPolicy } from './egress-policy.ts';

describe('where the server may reach out to', () => {
  const plain = createEgressPolicy([]);

  it.each([
    '127.0.0.1',
    '127.8.8.8',
    '0.0.0.0',
    '169.254.169.254',
    '100.100.100.200',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'fe80::1',
    'fd00:ec2::254',
    'ff02::1',
    'localhost',
    '',
  ])('is not %j', (address) => {
    expect(plain.mayConnect(address)).toBe(false);
  });

  it.each(['192.0.2.1', '10.1.2.3', '2001:db8::1', 'fd12::1'])('may be %s', (address) => {
    expect(plain.mayConnect(address)).toBe(true);
  });

  it('may be what is allowed by name, and no more', () => {
    const policy = createEgressPolicy(['127.0.0.1', '169.254.7.0/24', '::1', 'file:/srv/mirror']);
    expect(['127.0.0.1', '169.254.7.9', '::1'].map((address) => policy.mayConnect(address))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['127.0.0.2', '169.254.8.1', 'fe80::1'].map((address) => policy.mayConnect(address))).toEqual([
      false,
      false,
      false,
    ]);
    expect(policy.mayRead('/srv/mirror/dists/x')).toBe(true);
    expect(['/srv/mirror-2/x', '/srv', '/srv/mirror/../x', 'srv/mirror'].map((path) => policy.mayRead(path))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(plain.mayRead('/srv/mirror/x')).toBe(false);
  });

  it.each(['everything', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'file:srv', '::/129'])(
    'is not told by %j',
    (entry) => {
      expect(() => createEgressPolicy([entry])).toThrow(/is no address/);
    },
  );
});
