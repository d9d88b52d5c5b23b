import { describe, expect, it } from 'vitest';
import { chooseArchives, parseSourcesLines, parseSourcesStanzas } from './own-archives.ts';

const stanzas = `Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib

# a remark
Types: deb deb-src
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
`;

describe('the archives of a machine', () => {
  it('come from stanzas', () => {
    expect(chooseArchives(parseSourcesStanzas(stanzas))).toEqual({
      main: 'http://mirror.example/debian',
      security: 'http://mirror.example/debian-security',
    });
  });

  it('come from lines, with options or without', () => {
    const lines = `deb [signed-by=/x.gpg] http://a.example/debian trixie main
deb-src http://a.example/debian trixie main
# deb http://b.example/debian-security trixie-security main
deb http://c.example/debian-security trixie-security main contrib`;
    expect(chooseArchives(parseSourcesLines(lines))).toEqual({
      main: 'http://a.example/debian',
      security: 'http://c.example/debian-security',
    });
  });

  it('are not guessed where a machine has none', () => {
    expect(chooseArchives(parseSourcesLines('deb http://a.example/ubuntu noble main'))).toBeUndefined();
    expect(chooseArchives(parseSourcesStanzas(stanzas.replace('deb deb-src', 'deb-src')))).toBeUndefined();
    expect(chooseArchives(parseSourcesStanzas(`Enabled: no\n${stanzas}`))).toBeUndefined();
  });

  // apt's StringToBool: any of these disables a source.
  it.each(['no', 'No', 'false', 'off', '0'])('come from no stanza with Enabled: %s', (word) => {
    expect(parseSourcesStanzas(`Enabled: ${word}\n${stanzas.slice(0, stanzas.indexOf('\n\n'))}`)).toEqual([]);
  });
});
