import { describe, expect, it } from 'vitest';
import { readAllowedHosts } from './allowed-hosts.ts';

describe('a list of hosts that may be reached', () => {
  it.each([
    [['deb.example.com'], 'deb.example.com', 443, true],
    [['deb.example.com'], 'DEB.example.com.', 80, true],
    [['deb.example.com'], 'deb.example.com', 22, false],
    [['deb.example.com'], 'deb.example.com.evil.test', 443, false],
    [['deb.example.com'], 'x.deb.example.com', 443, false],
    [['*.example.com'], 'a.b.example.com', 443, true],
    [['*.example.com'], 'example.com', 443, false],
    [['*.example.com'], '.example.com', 443, false],
    [['*.example.com'], 'evilexample.com', 443, false],
    [['*.example.com'], 'evil.test%00.example.com', 443, false],
    [['deb.example.com:8080'], 'deb.example.com', 8080, true],
    [['deb.example.com:8080'], 'deb.example.com', 80, false],
    [['192.0.2.1'], '192.0.2.1', 80, true],
    [['[2001:db8::1]:8080'], '2001:db8::1', 8080, true],
    [[], 'deb.example.com', 443, false],
  ])('%j and %s:%i: %s', (list, host, port, allowed) => {
    expect(readAllowedHosts(list).allows(host, port)).toBe(allowed);
  });

  it('lets no name stand for this machine or its link, but an address for itself', () => {
    const hosts = readAllowedHosts(['deb.example.com', '127.0.0.1']);
    for (const address of ['127.0.0.1', '169.254.169.254', '0.0.0.0', '::1', '::', 'fe80::1', 'no address']) {
      expect(hosts.allowsAddress('deb.example.com', address)).toBe(false);
    }
    expect(hosts.allowsAddress('deb.example.com', '10.0.0.5')).toBe(true);
    expect(hosts.allowsAddress('deb.example.com', '2001:db8::5')).toBe(true);
    expect(hosts.allowsAddress('127.0.0.1', '127.0.0.1')).toBe(true);
    expect(hosts.allowsAddress('localhost', '::1')).toBe(true);
  });

  it.each([['http://deb.example.com'], ['deb.example.com/'], ['*'], ['a:0'], ['a:70000'], ['2001:db8::1'], ['']])(
    'has no entry %j',
    (entry) => {
      expect(() => readAllowedHosts([entry])).toThrow('is no host');
    },
  );
});
