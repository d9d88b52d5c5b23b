import { describe, expect, it } from 'vitest';
import { parseOsRelease, readPlatform } from './platform.ts';
import { createRecordingMachine } from './test-support/recording-machine.ts';

describe('os-release', () => {
  it.each([
    ['NAME="Debian GNU/Linux"', 'NAME', 'Debian GNU/Linux'],
    ["NAME='Single'", 'NAME', 'Single'],
    ['VERSION_ID=12', 'VERSION_ID', '12'],
    ['# comment\n\nID=debian', 'ID', 'debian'],
    ['NAME="With \\"quotes\\" and \\$"', 'NAME', 'With "quotes" and $'],
    ['NAME="first"\nNAME="second"', 'NAME', 'second'],
  ])('%j', (text, name, value) => {
    expect(parseOsRelease(text).get(name)).toBe(value);
  });
});

describe('a platform', () => {
  it('is that of the root file system and not of the host', async () => {
    const files: Record<string, string> = {
      '/etc/os-release': 'NAME="Debian GNU/Linux"\nVERSION_ID="12"\n',
      '/etc/hostname': 'inside\n',
    };
    const platform = await readPlatform({
      ...createRecordingMachine(),
      kind: 'root-directory',
      readFile: async (path) => (files[path] === undefined ? null : Buffer.from(files[path])),
    });
    expect(platform).toMatchObject({
      platformName: 'Debian GNU/Linux',
      platformVersion: '12',
      computerName: 'inside',
      ipAddress: expect.stringMatching(/^[0-9a-f.:]+$/),
    });
  });

  it('has a name even where os-release is missing', async () => {
    expect(await readPlatform(createRecordingMachine())).toMatchObject({ platformName: 'Linux', platformVersion: '' });
  });
});
