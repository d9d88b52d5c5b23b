import { execFileSync } from 'node:child_process';
import { AddArchiveWatch, ListArchiveWatches, ListFirstSeen, RefreshArchiveWatch } from '@patchbay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readError, readSuccess } from '../../packages/server/src/test-support/send-request.ts';
import { withRealServer } from '../ssm/real-server.ts';
import {
  debianRelease,
  debianSecurityRelease,
  startTestArchives,
  type TestArchive,
  type TestArchives,
} from '../support/test-archive.ts';

describe('an archive that the control plane watches', () => {
  const server = withRealServer({ egressAllow: ['127.0.0.1'] });
  let archives: TestArchives<'main' | 'security'>;
  let watchId = '';
  beforeAll(async () => {
    archives = await startTestArchives({ main: debianRelease, security: debianSecurityRelease });
    await archives.archives.security.publish({
      name: 'pb-one',
      version: '1.0-1',
      section: 'libs',
      architecture: 'amd64',
    });
  });
  afterAll(() => archives?.close());

  const ask = async (name: string, input: object) =>
    await server().call(`Patchbay.${name}`, input, { service: 'patchbay' });
  const wanted = (archive: TestArchive) => ({
    uri: archive.uri,
    suite: archive.release.codename,
    components: ['main'],
    architectures: ['amd64'],
    keyring: { content: Buffer.from(archives.keyring).toString('base64') },
  });
  const refresh = async () =>
    RefreshArchiveWatch.output.parse(readSuccess(await ask('RefreshArchiveWatch', { watchId }))).watch;
  const seen = async (source: string) =>
    ListFirstSeen.output.parse(readSuccess(await ask('ListFirstSeen', { source }))).records;

  it('is read after its signature, and dates nothing at the first look', async () => {
    const { security } = archives.archives;
    const { watch } = AddArchiveWatch.output.parse(readSuccess(await ask('AddArchiveWatch', wanted(security))));
    ({ watchId } = watch);
    expect(watch).toMatchObject({ lastAttemptAt: null, packageCount: 0, keyring: { name: 'uploaded' } });
    expect(await refresh()).toMatchObject({
      problem: null,
      packageCount: 1,
      operatingSystem: 'DEBIAN',
      product: 'Debian12',
      release: { label: 'Debian-Security' },
    });
    expect(await seen('pb-one')).toMatchObject([
      { sourceVersion: '1.0-1', rung: 'undated', reportedBy: `archive-watch ${watchId}` },
    ]);
  });

  it('dates what comes while it is watched, sources that it never had included', async () => {
    await archives.archives.security.publish(
      { name: 'pb-one', version: '1.0-1+deb12u1', section: 'libs', architecture: 'amd64' },
      { name: 'pb-new', version: '2.0', architecture: 'amd64' },
    );
    expect(await refresh()).toMatchObject({ problem: null, packageCount: 3 });
    expect(await seen('pb-new')).toMatchObject([{ sourceVersion: '2.0', rung: 'first-seen' }]);
    expect((await seen('pb-one')).map(({ sourceVersion, rung }) => `${sourceVersion} ${rung}`).sort()).toEqual([
      '1.0-1 undated',
      '1.0-1+deb12u1 first-seen',
    ]);
  });

  it('counts for nothing while its signature is wrong, and says why', async () => {
    const { security } = archives.archives;
    const before = await refresh();
    await security.publish({ name: 'pb-evil', version: '9', architecture: 'amd64' });
    for (const [signature, problem] of [
      ['unknown-key', 'is not in the keyring'],
      ['corrupt', 'does not fit its content'],
      ['none', 'not signed'],
    ] as const) {
      await security.present({ signature });
      const after = await refresh();
      expect(after.problem).toContain(problem);
      expect(after).toMatchObject({ lastSuccessAt: before.lastSuccessAt, packageCount: before.packageCount });
    }
    await security.withdraw('pb-evil');
    await security.present({ signature: 'valid' });
    expect(await refresh()).toMatchObject({ problem: null });
    expect(await seen('pb-evil')).toEqual([]);
  });

  it.each([
    ['refused', 'cannot be reached'],
    ['missing', 'There is no Release file'],
    ['index-missing', 'in no compression'],
  ] as const)('says so when it is %s', async (reachability, problem) => {
    const { security } = archives.archives;
    await security.publish({ name: 'pb-later', version: `1-${reachability.length}`, architecture: 'amd64' });
    await security.present({ reachability });
    expect((await refresh()).problem).toContain(problem);
    await security.present({ reachability: 'reachable' });
    expect((await refresh()).problem).toBeNull();
  });

  it('is none of this machine unless the server was started for it', async () => {
    const { main } = archives.archives;
    const foreign = { ...wanted(main), uri: main.uri.replace('127.0.0.1', '127.0.0.2') };
    const { watch } = AddArchiveWatch.output.parse(readSuccess(await ask('AddArchiveWatch', foreign)));
    const answer = await ask('RefreshArchiveWatch', { watchId: watch.watchId });
    expect(RefreshArchiveWatch.output.parse(readSuccess(answer)).watch.problem).toContain('--egress-allow');
    readSuccess(await ask('RemoveArchiveWatch', { watchId: watch.watchId }));
    const local = { ...wanted(main), uri: 'file:///etc', suite: 'passwd' };
    const added = AddArchiveWatch.output.parse(readSuccess(await ask('AddArchiveWatch', local)));
    const refused = await ask('RefreshArchiveWatch', { watchId: added.watch.watchId });
    expect(RefreshArchiveWatch.output.parse(readSuccess(refused)).watch.problem).toContain('--egress-allow');
    readSuccess(await ask('RemoveArchiveWatch', { watchId: added.watch.watchId }));
  });

  it.each<[string, object, string]>([
    ['twice', {}, 'AlreadyExistsException'],
    ['by a password in its address', { uri: 'http://me:secret@archive.test/debian' }, 'ValidationException'],
    ['by ftp', { uri: 'ftp://archive.test/debian' }, 'ValidationException'],
    ['with a path for a suite', { suite: 'a/../../b' }, 'ValidationException'],
    ['with a keyring that is none', { keyring: { content: 'bm9uZQ==' } }, 'ValidationException'],
    ['with a keyring that is not there', { keyring: { file: 'no-such.gpg' } }, 'ValidationException'],
    ['with a keyring from elsewhere', { keyring: { file: '../../../etc/passwd' } }, 'ValidationException'],
  ])('is not watched %s', async (_, change, code) => {
    const answer = await ask('AddArchiveWatch', { ...wanted(archives.archives.security), ...change });
    expect(readError(answer).code).toBe(code);
  });

  it('can be watched with an armored keyring', async () => {
    const { main } = archives.archives;
    const body = execFileSync('base64', ['-w64'], { input: archives.keyring }).toString();
    const armored = `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${body}-----END PGP PUBLIC KEY BLOCK-----\n`;
    const keyring = { content: Buffer.from(armored).toString('base64') };
    const { watch } = AddArchiveWatch.output.parse(
      readSuccess(await ask('AddArchiveWatch', { ...wanted(main), keyring })),
    );
    const answer = await ask('RefreshArchiveWatch', { watchId: watch.watchId });
    expect(RefreshArchiveWatch.output.parse(readSuccess(answer)).watch.problem).toBeNull();
    readSuccess(await ask('RemoveArchiveWatch', { watchId: watch.watchId }));
  });

  it('is listed until it is removed, and what was seen stays', async () => {
    const list = async () =>
      ListArchiveWatches.output
        .parse(readSuccess(await ask('ListArchiveWatches', {})))
        .watches.map((each) => each.watchId);
    expect(await list()).toEqual([watchId]);
    readSuccess(await ask('RemoveArchiveWatch', { watchId }));
    expect(await list()).toEqual([]);
    expect(await seen('pb-new')).toHaveLength(1);
    expect(readError(await ask('RemoveArchiveWatch', { watchId })).code).toBe('DoesNotExistException');
  });
});
