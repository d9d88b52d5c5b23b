import { expect, it } from 'vitest';
import { listArchiveHosts, tellRefused } from './archive-network.ts';
import { NetworkError } from './network-error.ts';

const publicOnes = ['deb.debian.org', 'security.debian.org', 'archive.ubuntu.com', 'security.ubuntu.com'];

it("lets images reach the machine's own archives, with their ports, and the public ones", async () => {
  const archives = { main: 'http://127.0.0.1:8080/debian', security: 'https://mirror.example/debian-security' };
  expect(await listArchiveHosts(async () => archives)).toEqual(['127.0.0.1:8080', 'mirror.example', ...publicOnes]);
});

it('names a host once, and none for archives that are files', async () => {
  const archives = { main: 'http://deb.debian.org/debian', security: 'file:///srv/debian-security' };
  expect(await listArchiveHosts(async () => archives)).toEqual(publicOnes);
});

it('leaves the public ones to a machine that has no archives of its own', async () => {
  const none = async () => Promise.reject(new NetworkError('NO_SOURCES', 'There are none.'));
  expect(await listArchiveHosts(none)).toEqual(publicOnes);
});

it('tells once for each host what was kept out, and where it could be let in', () => {
  const lines: string[] = [];
  const refused = tellRefused({ listName: '--allow-host', report: (line) => lines.push(line) });
  for (const port of [443, 443, 80]) refused({ host: 'packages.example', port });
  refused({ host: 'mirror.example', port: null });
  expect(lines).toEqual([
    'Kept from packages.example:443: --allow-host does not name it',
    'Kept from packages.example:80: --allow-host does not name it',
    'Kept from mirror.example: its name stands for this machine; name the address',
  ]);
  for (let port = 1; port < 1000; port += 1) refused({ host: 'scanned.example', port });
  expect(lines).toHaveLength(100);
});
