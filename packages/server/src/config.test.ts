import { describe, expect, it } from 'vitest';
import { readServerConfig, type ServerFlags } from './config.ts';

function codeOf(flags: ServerFlags): unknown {
  try {
    readServerConfig(flags, {});
    return 'accepted';
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

describe('the configuration of a server', () => {
  it('listens on loopback without certificates unless told otherwise', () => {
    expect(readServerConfig({}, {})).toMatchObject({ host: '127.0.0.1', port: 8480, regions: ['us-east-1'] });
  });

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('lets %s be plain', (host) => {
    expect(codeOf({ host })).toBe('accepted');
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', 'patchbay.example', '127.evil.example'])('refuses %s without TLS', (host) => {
    expect(codeOf({ host })).toBe('TLS_REQUIRED');
    expect(codeOf({ host, tlsCert: 'c', tlsKey: 'k' })).toBe('accepted');
    expect(codeOf({ host, tls: 'auto' })).toBe('accepted');
  });

  it('refuses half a pair of certificate and key', () => {
    expect(codeOf({ tlsCert: 'c' })).toBe('TLS_INCOMPLETE');
    expect(codeOf({ tlsKey: 'k' })).toBe('TLS_INCOMPLETE');
  });

  it.each<ServerFlags>([
    { port: '65536' },
    { port: '-1' },
    { port: 'http' },
    { account: '123' },
    { region: ['Frankfurt'] },
    { logLevel: 'loud' },
    { tls: 'yes' },
    { tls: 'auto', tlsCert: 'c', tlsKey: 'k' },
    { tlsName: ['patchbay.example'] },
    { tls: 'auto', tlsName: ['not a name'] },
    { quota: ['patch-baselines=many'] },
    { archiveSilentNodesAfterDays: '0' },
    { commandOutputLimit: '100' },
    { commandOutputLimit: '99999999999' },
    { overrideAllow: ['http://host/'] },
  ])('refuses %j', (flags) => {
    expect(codeOf(flags)).toBe('INVALID_OPTION');
  });

  it('keeps outputs to ten mebibytes, archives nobody and reads overrides from nowhere unless told otherwise', () => {
    expect(readServerConfig({}, {})).toMatchObject({
      commandOutputLimitBytes: 10_485_760,
      archiveSilentNodesAfterDays: undefined,
      overrideAllowed: [],
    });
    const told = { commandOutputLimit: '50000', archiveSilentNodesAfterDays: '30', overrideAllow: ['https://host/a'] };
    expect(readServerConfig(told, {})).toMatchObject({
      commandOutputLimitBytes: 50_000,
      archiveSilentNodesAfterDays: 30,
      overrideAllowed: ['https://host/a'],
    });
  });

  it('prefers --database-url to the environment', () => {
    const environment = { DATABASE_URL: 'postgres://environment' };
    expect(readServerConfig({}, environment).databaseUrl).toBe('postgres://environment');
    expect(readServerConfig({ databaseUrl: 'postgres://flag' }, environment).databaseUrl).toBe('postgres://flag');
  });
});
