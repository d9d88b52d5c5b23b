import { expect, it } from 'vitest';
import { listArchiveHosts } from './build-network.ts';
import { BuilderError } from './builder-error.ts';

const publicOnes = ['deb.debian.org', 'security.debian.org', 'archive.ubuntu.com', 'security.ubuntu.com'];

it("lets builds reach the builder's own archives, with their ports, and the public ones", async () => {
  const archives = { main: 'http://127.0.0.1:8080/debian', security: 'https://mirror.example/debian-security' };
  expect(await listArchiveHosts(async () => archives)).toEqual(['127.0.0.1:8080', 'mirror.example', ...publicOnes]);
});

it('names a host once, and none for archives that are files', async () => {
  const archives = { main: 'http://deb.debian.org/debian', security: 'file:///srv/debian-security' };
  expect(await listArchiveHosts(async () => archives)).toEqual(publicOnes);
});

it('leaves the public ones to a builder that has no archives of its own', async () => {
  const none = async () => Promise.reject(new BuilderError('NO_SOURCES', 'There are none.'));
  expect(await listArchiveHosts(none)).toEqual(publicOnes);
});
