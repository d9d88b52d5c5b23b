import { describe, expect, it } from 'vitest';
import { parseArchiveTargets, parseConfiguredArchives } from './archives.ts';
import { aptArguments, hostOptions, privateConfig } from './options.ts';
import { readRecording } from './recording.test-support.ts';
import {
  audit,
  downloadArgv,
  findLockHolder,
  installArgv,
  markAutomaticArgv,
  parsePlannedDownloads,
} from './transaction.ts';

const target = { name: 'bash', architecture: 'amd64', version: '1:5' };

describe('a transaction', () => {
  it('installs exact versions from what was downloaded, keeps conffiles and removes nothing', () => {
    const argv = installArgv([target], hostOptions);
    expect(argv.at(-1)).toBe('bash:amd64=1:5');
    for (const option of [
      '--no-download',
      '--no-remove',
      'Dpkg::Options::=--force-confdef',
      'Dpkg::Options::=--force-confold',
    ]) {
      expect(argv).toContain(option);
    }
    expect([...argv, ...downloadArgv([target], hostOptions)].join(' ')).not.toMatch(/allow-|force-yes/);
  });

  it('marks packages as automatic under the names that apt knows', () => {
    expect(markAutomaticArgv([target, { name: 'tzdata', architecture: 'all' }])).toEqual([
      'apt-mark',
      'auto',
      'bash:amd64',
      'tzdata',
    ]);
  });

  it('reads what would be downloaded', () => {
    const { downloads, diskBytes } = parsePlannedDownloads(readRecording('print-uris-machine'));
    expect(diskBytes).toBe(6144);
    expect(downloads).toHaveLength(5);
    expect(downloads.find(({ filename }) => filename.startsWith('curl_'))).toEqual({
      uri: 'http://archive.example/debian/pool/main/c/curl/curl_7.88.1-10%2bdeb12u15_amd64.deb',
      filename: 'curl_7.88.1-10+deb12u15_amd64.deb',
      sizeBytes: 315_764,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('names the holder of a lock', () => {
    expect(findLockHolder(readRecording('lock-held'))).toEqual({
      path: '/lab/sim/lock-frontend',
      processId: expect.any(Number),
      processName: 'python3',
    });
    expect(findLockHolder(readRecording('simulate-unmet'))).toBeNull();
    const withoutHolder =
      'E: Could not get lock /var/lib/dpkg/lock-frontend - open (11: Resource temporarily unavailable)\n';
    expect(findLockHolder({ exitCode: 100, stdout: '', stderr: withoutHolder })).toEqual({
      path: '/var/lib/dpkg/lock-frontend',
      processId: null,
      processName: null,
    });
  });

  it.each([
    // dpkg 1.21 (Debian 12) and 1.22 (Debian 13), which names the process where it can see it.
    ['frontend lock was locked by another process with pid 42', '/var/lib/dpkg/lock-frontend', null],
    ['frontend lock was locked by <unknown> process with pid 42', '/var/lib/dpkg/lock-frontend', null],
    ['database lock was locked by apt-get process with pid 42', '/var/lib/dpkg/lock', 'apt-get'],
  ])('knows from dpkg itself that its %s', (words, path, processName) => {
    const stderr = `dpkg: error: dpkg ${words}\nNote: removing the lock file is always wrong, can damage the locked area\n`;
    expect(findLockHolder({ exitCode: 2, stdout: '', stderr })).toEqual({ path, processId: 42, processName });
  });

  it('takes what dpkg --audit prints for findings and a crash for an error', () => {
    expect(audit.parse({ exitCode: 0, stdout: '', stderr: '' })).toBe('');
    expect(audit.parse({ exitCode: 1, stdout: 'half done\n', stderr: '' })).toBe('half done');
    expect(() => audit.parse({ exitCode: 2, stdout: '', stderr: 'dpkg: error' })).toThrow(/dpkg: error/);
  });
});

describe("apt's options", () => {
  it("leave the machine's own state alone where directories are private", () => {
    const argv = aptArguments({
      listsDirectory: '/p/lists',
      cacheDirectory: '/p/cache',
      configFile: '/p/conf',
      lockTimeoutSeconds: 5,
    });
    expect(argv.slice(0, 2)).toEqual(['-c', '/p/conf']);
    expect(argv).toContain('Dir::State::lists=/p/lists');
    expect(argv).toContain('Dir::Cache::archives=/p/cache/archives/');
    expect(privateConfig).toContain('#clear APT::Update::Post-Invoke;');
    expect(aptArguments(hostOptions)).toEqual(['-o', 'DPkg::Lock::Timeout=0']);
  });
});

describe('the archives', () => {
  it('have an address even when they are flat', () => {
    const address = { uri: 'file:/lab/sim/repo', suite: './', component: '', architecture: 'any' };
    expect(parseArchiveTargets(readRecording('index-targets-flat'))).toEqual([
      {
        address,
        filename: '/lab/sim/lists/_tmp_lab_sim_repo_._Packages.lz4',
        releaseFilenames: [
          '/lab/sim/lists/_tmp_lab_sim_repo_._InRelease',
          '/lab/sim/lists/_tmp_lab_sim_repo_._Release',
        ],
        metaKey: 'Packages',
      },
    ]);
    expect(parseConfiguredArchives(readRecording('configured-flat'))).toEqual([{ address }]);
  });

  it('are told from their URIs without credentials, and without those of the architecture all', () => {
    const base = 'http://user:pa@archive.example/deb/dists/stable/updates';
    const stdout = [
      `'${base}/InRelease' a 0 `,
      `'${base}/main/binary-amd64/Packages.xz' b 0 `,
      `'${base}/main/binary-all/Packages.xz' c 0 `,
      '',
    ].join('\n');
    expect(parseConfiguredArchives({ exitCode: 0, stdout, stderr: '' })).toEqual([
      {
        address: {
          uri: 'http://archive.example/deb',
          suite: 'stable/updates',
          component: 'main',
          architecture: 'amd64',
        },
      },
    ]);
  });

  it('are an error when apt cannot list them or prints something else', () => {
    expect(() => parseArchiveTargets({ exitCode: 100, stdout: '', stderr: 'E: Malformed entry' })).toThrow(
      /Malformed entry/,
    );
    expect(() => parseArchiveTargets({ exitCode: 0, stdout: 'what\n', stderr: '' })).toThrow(/line 1/);
    expect(() => parseConfiguredArchives({ exitCode: 0, stdout: 'what\n', stderr: '' })).toThrow(/line 1/);
  });
});
