import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { makePrivateDirectory } from '../test-support/private-directory.ts';
import { readInstalledContents } from './installed-contents.ts';

const status = `Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc
Version: 2.36-9+deb12u10

Package: nano
Status: deinstall ok config-files
Architecture: amd64
Version: 7.2-1
`;
const wholeRoot = {
  '/usr/lib/os-release': 'ID=kali\nVERSION_ID="2026.3"\n',
  '/var/lib/dpkg/status': status,
};

function makeRoot(files: Readonly<Record<string, string>>): string {
  const root = makePrivateDirectory();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const refusal = (code: string) => expect.objectContaining({ code });

it('reads what is on the disk, of systems that no baseline knows too', async () => {
  const { operatingSystem, installed } = await readInstalledContents(makeRoot(wholeRoot));
  expect(operatingSystem).toMatchObject({ id: 'kali', versionId: '2026.3', operatingSystem: null });
  expect(installed.packages).toEqual([
    {
      name: 'libc6',
      architecture: 'amd64',
      version: '2.36-9+deb12u10',
      source: 'glibc',
      sourceVersion: '2.36-9+deb12u10',
      section: '',
      priority: '',
    },
  ]);
});

it('never leaves the root through a symlink', async () => {
  const root = makeRoot({ '/usr/lib/os-release': 'ID=debian\n', '/var/lib/dpkg/info/x': '' });
  symlinkSync('/var/lib/dpkg/../../../../../../etc/passwd', join(root, '/var/lib/dpkg/status'));
  await expect(readInstalledContents(root)).rejects.toThrow(refusal('CONTENTS_UNKNOWN'));
});

it('refuses a root without os-release or without the status of dpkg, as distroless images are', async () => {
  const { '/usr/lib/os-release': release, '/var/lib/dpkg/status': packages } = wholeRoot;
  for (const files of [
    { '/var/lib/dpkg/status': packages },
    { '/usr/lib/os-release': release, '/var/lib/dpkg/status.d/base': packages },
  ]) {
    await expect(readInstalledContents(makeRoot(files))).rejects.toThrow(refusal('CONTENTS_UNKNOWN'));
  }
});

it('refuses a status that is not whole', async () => {
  const cutOff = makeRoot({ ...wholeRoot, '/var/lib/dpkg/updates/0001': '' });
  await expect(readInstalledContents(cutOff)).rejects.toThrow(refusal('CONTENTS_UNKNOWN'));
  const damaged = makeRoot({ ...wholeRoot, '/var/lib/dpkg/status': 'Package: libc6\nStatus: installed\n' });
  await expect(readInstalledContents(damaged)).rejects.toThrow(refusal('UNREADABLE_FILE'));
});

it('refuses a directory that is not there', async () => {
  await expect(readInstalledContents('/nowhere')).rejects.toThrow(refusal('ROOT_MISSING'));
});
