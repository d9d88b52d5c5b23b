import { describe, expect, it } from 'vitest';
import { ParseError } from '../parse-error.ts';
import { readRecording } from './recording.test-support.ts';
import { archiveStatus, parseRefresh } from './refresh.ts';

function address(uri: string) {
  return { uri, suite: 'stable', component: 'main', architecture: 'amd64' };
}
const local = 'http://127.0.0.1:18099';

describe('apt-get update', () => {
  it.each([
    ['update-current', `${local}/good`, 'current', null],
    ['update-unchanged', `${local}/good`, 'current', null],
    ['update-no-public-key', `${local}/nokey`, 'badly-signed', 'NO_PUBKEY'],
    ['update-bad-signature', `${local}/badsig`, 'badly-signed', 'BADSIG'],
    ['update-unsigned', `${local}/unsigned`, 'unsigned', 'is not signed'],
    ['update-expired', `${local}/expired`, 'expired', 'is expired'],
    ['update-index-mismatch', `${local}/hashsum`, 'unreadable', 'unexpected size'],
    ['update-index-missing', `${local}/missing`, 'unreachable', '404'],
    ['update-no-release', `${local}/nowhere`, 'unreachable', '404'],
    ['update-unreachable', 'http://127.0.0.1:1/x', 'unreachable', 'Connection refused'],
    ['update-stale-bad-signature', `${local}/turning`, 'badly-signed', 'BADSIG'],
    ['update-stale-no-release', `${local}/turning2`, 'unreachable', '404'],
    ['update-stale-expired', `${local}/turning3`, 'expired', 'is expired'],
  ])('reads %s: %s is %s', (recording, uri, status, reason) => {
    const found = archiveStatus(parseRefresh(readRecording(recording)), address(uri));
    expect(found.status).toBe(status);
    if (reason === null) expect(found.reason).toBeNull();
    else expect(found.reason).toContain(reason);
  });

  it('tells several archives apart', () => {
    const outcome = parseRefresh(readRecording('update-several'));
    const statuses = ['good', 'badsig', 'expired', 'unsigned'].map(
      (name) => archiveStatus(outcome, address(`${local}/${name}`)).status,
    );
    expect(statuses).toEqual(['current', 'badly-signed', 'expired', 'unsigned']);
  });

  it('takes an archive that lost its signature for unsigned, too', () => {
    const { exitCode, stdout, stderr } = readRecording('update-unsigned');
    const outcome = parseRefresh({
      exitCode,
      stdout,
      stderr: stderr.replaceAll('is not signed', 'is no longer signed'),
    });
    expect(archiveStatus(outcome, address(`${local}/unsigned`)).status).toBe('unsigned');
  });

  it('finds what an older apt reports with status 0', () => {
    const { stdout, stderr } = readRecording('update-unreachable');
    const outcome = parseRefresh({ exitCode: 0, stdout, stderr: stderr.replaceAll('E: ', 'W: ') });
    expect(archiveStatus(outcome, address('http://127.0.0.1:1/x')).status).toBe('unreachable');
  });

  it('blames a failed index on that index alone', () => {
    const outcome = parseRefresh(readRecording('update-index-missing'));
    const other = { ...address(`${local}/missing`), component: 'contrib' };
    expect(archiveStatus(outcome, other).status).toBe('current');
  });

  it('takes an archive that was not mentioned for unreachable', () => {
    const outcome = parseRefresh(readRecording('update-current'));
    expect(archiveStatus(outcome, address('http://archive.example')).status).toBe('unreachable');
  });

  it('refuses an error that it does not know, and a failure without any', () => {
    expect(() => parseRefresh({ exitCode: 100, stdout: '', stderr: 'E: The sky fell\n' })).toThrow(ParseError);
    expect(() => parseRefresh({ exitCode: 1, stdout: '', stderr: '' })).toThrow(ParseError);
  });
});
