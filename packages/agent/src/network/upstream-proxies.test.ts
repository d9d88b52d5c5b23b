import { describe, expect, it } from 'vitest';
import { readUpstreamProxies } from './upstream-proxies.ts';

const proxies = { http_proxy: 'http://plain.example:3128', https_proxy: 'https://secure.example' };

describe('the proxies by which a machine reaches others', () => {
  it('are one for http:// and one for tunnels, and none where the environment names none', () => {
    const both = readUpstreamProxies(proxies);
    expect(both.findAgent('http', 'deb.example.com', 80)).not.toBeNull();
    expect(both.findAgent('https', 'deb.example.com', 443)).not.toBe(both.findAgent('http', 'deb.example.com', 80));
    const one = readUpstreamProxies({ http_proxy: proxies.http_proxy });
    expect(one.findAgent('https', 'deb.example.com', 443)).toBeNull();
    expect(readUpstreamProxies({}).findAgent('http', 'deb.example.com', 80)).toBeNull();
  });

  it.each([
    ['mirror.example', 'mirror.example', 80, true],
    ['mirror.example', 'Mirror.Example', 80, true],
    ['mirror.example', 'x.mirror.example', 80, false],
    ['.example', 'x.mirror.example', 80, true],
    ['*.example', 'x.mirror.example', 443, true],
    ['mirror.example:8080', 'mirror.example', 8080, true],
    ['mirror.example:8080', 'mirror.example', 80, false],
    ['a.example, 10.0.0.5', '10.0.0.5', 80, true],
    ['10.0.0.0-10.0.0.255', '10.0.0.5', 80, true],
    ['10.0.0.0-10.0.0.255', '10.0.1.5', 80, false],
    ['2001:db8::5', '2001:db8::5', 443, true],
    ['*', 'mirror.example', 443, true],
    ['mirror.example', 'not%20a%20host.example', 443, true],
  ])('no_proxy=%s and %s:%i: without one is %s', (no_proxy, host, port, isDirect) => {
    const read = readUpstreamProxies({ ...proxies, no_proxy });
    for (const scheme of ['http', 'https'] as const) {
      expect(read.findAgent(scheme, host, port) === null).toBe(isDirect);
    }
  });

  it.each(['localhost', 'LOCALHOST.', '127.0.0.1', '127.8.0.1', '::1', '169.254.169.254', 'fe80::1'])(
    'are not on the way to %s, which would be another machine there',
    (host) => expect(readUpstreamProxies(proxies).findAgent('http', host, 80)).toBeNull(),
  );

  it.each([
    'proxy.example:3128',
    'socks5://user:secret@proxy.example',
    'http://user:secret%@proxy.example',
    'http://user:secret@',
    'http://user:secret@proxy.example:port',
    'user:secret',
  ])('%s is none, and the reason shows nothing of it', (address) => {
    for (const name of ['http_proxy', 'https_proxy']) {
      const read = () => readUpstreamProxies({ [name]: address });
      expect(read).toThrow(expect.objectContaining({ code: 'INVALID_PROXY' }));
      expect(read).toThrow(new RegExp(`^${name} in the environment names no proxy that can be used; expected http://`));
      expect(read).not.toThrow('secret');
      // What Node says shows the address.
      expect(read).not.toThrow(expect.objectContaining({ cause: expect.anything() }));
    }
  });
});
