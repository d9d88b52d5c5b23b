import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownPlatform } from './image-manifest.ts';
import { requireWorkableRoot } from './inspect-root.ts';

let folder: string;
let root: string;

const debian = 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n';

function write(path: string, content = ''): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function link(path: string, target: string): void {
  rmSync(join(root, path), { force: true });
  symlinkSync(target, join(root, path));
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inspect-'));
  root = join(folder, 'root');
  for (const path of ['var/lib/dpkg/status', 'usr/bin/dpkg', 'usr/bin/apt-get', 'usr/bin/sh']) write(path);
  for (const path of ['proc', 'sys', 'dev', 'run', 'tmp']) mkdirSync(join(root, path));
  write('usr/lib/os-release', debian);
  symlinkSync('usr/bin', join(root, 'bin'));
  mkdirSync(join(root, 'etc'));
  symlinkSync('../usr/lib/os-release', join(root, 'etc/os-release'));
  writeFileSync(join(folder, 'outside'), debian);
});

afterEach(() => rmSync(folder, { recursive: true }));

const inspect = (config = ownPlatform()) => requireWorkableRoot(root, config, 'the image');

describe('a root that packages can be changed in', () => {
  it('has dpkg, apt, a shell and a known release', async () => {
    await expect(inspect()).resolves.toBeUndefined();
  });

  it.each<[string, () => void, string]>([
    ['distroless', () => write('var/lib/dpkg/status.d/base-files'), 'distroless'],
    ['no status', () => rmSync(join(root, 'var/lib/dpkg/status')), 'no status file of dpkg'],
    ['no dpkg', () => rmSync(join(root, 'usr/bin/dpkg')), 'it has no dpkg'],
    ['no apt', () => rmSync(join(root, 'usr/bin/apt-get')), 'it has no apt'],
    ['no /sys', () => rmSync(join(root, 'sys'), { recursive: true }), 'it has no directory /sys'],
    ['no shell', () => rmSync(join(root, 'usr/bin/sh')), 'it has no shell'],
    [
      'another distribution',
      () => write('usr/lib/os-release', 'ID=alpine\nVERSION_ID=3\nPRETTY_NAME=Alpine\n'),
      'packages of Alpine',
    ],
    [
      'no release',
      () => write('usr/lib/os-release', 'ID=debian\nPRETTY_NAME="Debian sid"\n'),
      'Debian sid is no release',
    ],
    [
      'no os-release',
      () => {
        rmSync(join(root, 'usr/lib/os-release'));
        rmSync(join(root, 'etc/os-release'));
      },
      'it has no os-release',
    ],
    ['an os-release that leads outside', () => link('etc/os-release', '../../outside'), 'leads to no file in it'],
    [
      'an os-release that leads to itself',
      () => {
        link('etc/os-release', 'os-release');
        link('usr/lib/os-release', '../../etc/os-release');
      },
      'leads to no file in it',
    ],
    ['a status that leads outside', () => link('var/lib/dpkg/status', '../../../../outside'), 'no status file of dpkg'],
    [
      'a status that is a directory',
      () => {
        rmSync(join(root, 'var/lib/dpkg/status'));
        mkdirSync(join(root, 'var/lib/dpkg/status'));
      },
      'no status file',
    ],
    [
      'an os-release that is damaged',
      () => write('usr/lib/os-release', 'this is no os-release\n'),
      'os-release cannot be read',
    ],
  ])('refuses %s', async (_what, change, reason) => {
    change();
    const refusal = inspect();
    await expect(refusal).rejects.toMatchObject({ code: 'UNSUPPORTED_IMAGE' });
    await expect(refusal).rejects.toThrow(reason);
  });

  it('refuses another architecture before anything is read', async () => {
    rmSync(root, { recursive: true });
    mkdirSync(root);
    await expect(inspect({ os: 'linux', architecture: 's390x', variant: null })).rejects.toThrow(
      'it is for linux/s390x',
    );
  });
});
