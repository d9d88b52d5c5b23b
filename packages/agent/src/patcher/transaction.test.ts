import { describe, expect, it } from 'vitest';
import { readEnd } from './transaction.ts';

const base = {
  exitCode: 100,
  signal: null,
  stdout: '',
  stderr: '',
  isTimedOut: false,
  isAborted: false,
  isTruncated: false,
};

describe('the end of a transaction', () => {
  it('names who holds the lock', () => {
    const stderr =
      'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 42 (unattended-upgr)\nE: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\n';
    const end = readEnd({ ...base, stderr });
    expect(end.message).toBe('/var/lib/dpkg/lock-frontend is held by process 42 (unattended-upgr)');
    expect(end.lockHolder).toMatchObject({ processId: 42 });
  });

  it('says what the failing script said', () => {
    const stdout = 'Reading package lists...\nSetting up pb-failing (2) ...\npb-failing cannot be configured\n';
    const stderr =
      'dpkg: error processing package pb-failing (--configure):\n installed pb-failing package post-installation script subprocess returned error exit status 1\nE: Sub-process /usr/bin/dpkg returned an error code (1)\n';
    expect(readEnd({ ...base, stdout, stderr }).message).toMatch(
      /pb-failing cannot be configured; dpkg: error processing package pb-failing/,
    );
  });

  it('leaves out how far dpkg had come with reading its database', () => {
    const steps = ['', '5%', '100%'].map((step) => `(Reading database ... ${step}`).join('\r');
    const stdout = `${steps}(Reading database ... 6694 files and directories currently installed.)\nSetting up pb-a (2) ...\n`;
    expect(readEnd({ ...base, exitCode: 137, stdout }).message).toBe('status 137: Setting up pb-a (2) ...');
  });

  it('does not claim to know how a lost command ended', () => {
    expect(readEnd({ ...base, exitCode: null })).toMatchObject({
      isGood: false,
      message: expect.stringContaining('lost'),
    });
  });
});
