import { expect, it } from 'vitest';
import { readArchiveHosts } from './build-network.ts';

function rootWith(files: Readonly<Record<string, string>>) {
  const byName = new Map(Object.entries(files));
  return {
    readFile: async (path: string) => {
      const text = byName.get(path);
      return text === undefined ? null : Buffer.from(text);
    },
    listDirectory: (path: string) =>
      [...byName.keys()].flatMap((name) => (name.startsWith(`${path}/`) ? [name.slice(path.length + 1)] : [])),
  };
}

it('finds the archives of both forms of sources, with their ports', async () => {
  const root = rootWith({
    '/etc/apt/sources.list':
      'deb [signed-by=/x.gpg] http://a.example/debian bookworm main\n# deb http://no.example x y\n',
    '/etc/apt/sources.list.d/more.sources':
      'Types: deb\nURIs: https://b.example/debian\n http://127.0.0.1:8080/x\nSuites: s\n',
    '/etc/apt/sources.list.d/saved.save': 'deb http://old.example x y\n',
    '/etc/apt/sources.list.d/disc.list': 'deb cdrom:[Debian]/ bookworm main\ndeb file:/srv/archive bookworm main\n',
  });
  expect(await readArchiveHosts(root)).toEqual(['a.example', 'b.example', '127.0.0.1:8080']);
});

it('finds none in an image without sources', async () => {
  expect(await readArchiveHosts({ readFile: async () => null, listDirectory: () => null })).toEqual([]);
});
