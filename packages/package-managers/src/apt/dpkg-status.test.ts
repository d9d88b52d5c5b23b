import { describe, expect, it } from 'vitest';
import { parseDpkgStatus } from './dpkg-status.ts';
import { parseExtendedStates } from './extended-states.ts';

function status(...stanzas: string[]) {
  return parseDpkgStatus(new TextEncoder().encode(`${stanzas.join('\n\n')}\n`));
}
const bash =
  'Package: bash\nStatus: install ok installed\nSection: shells\nPriority: required\nArchitecture: amd64\nVersion: 5.2-1\nDepends: base-files (>= 2.1.12)';
const base = 'Architecture: amd64\nVersion: 1';

describe("dpkg's status", () => {
  it('reads an installed package with its relations, its own name and version as source', () => {
    const { installed, relations, holds, unconfigured } = status(bash);
    expect(installed).toEqual([
      {
        name: 'bash',
        architecture: 'amd64',
        version: '5.2-1',
        source: 'bash',
        sourceVersion: '5.2-1',
        section: 'shells',
        priority: 'required',
      },
    ]);
    expect(relations.get('bash:amd64')).toMatchObject({
      version: '5.2-1',
      depends: 'base-files (>= 2.1.12)',
      recommends: '',
      breaks: '',
    });
    expect([holds, unconfigured]).toEqual([[], []]);
  });

  it.each([
    ['Source: glibc', 'glibc', '1'],
    ['Source: binutils-mingw (8.8)', 'binutils-mingw', '8.8'],
  ])('reads %s', (line, source, sourceVersion) => {
    expect(status(`Package: a\nStatus: install ok installed\n${base}\n${line}`).installed[0]).toMatchObject({
      source,
      sourceVersion,
    });
  });

  it('leaves out what has no files, also when it is held, but keeps the hold', () => {
    const { installed, holds } = status(
      `Package: a\nStatus: deinstall ok config-files\n${base}`,
      'Package: b\nStatus: unknown ok not-installed',
      `Package: c\nStatus: hold ok installed\n${base}`,
    );
    expect(installed.map(({ name }) => name)).toEqual(['c']);
    expect(holds).toEqual([{ name: 'c', architecture: 'amd64' }]);
  });

  it.each(['half-configured', 'unpacked', 'triggers-pending', 'triggers-awaited', 'half-installed'])(
    'counts %s as installed and as unconfigured',
    (state) => {
      const { installed, unconfigured } = status(`Package: a\nStatus: install reinstreq ${state}\n${base}`);
      expect(installed).toHaveLength(1);
      expect(unconfigured).toEqual([{ name: 'a', architecture: 'amd64', state }]);
    },
  );

  it('sorts by name, then architecture', () => {
    const stanza = (name: string, architecture: string): string =>
      `Package: ${name}\nStatus: install ok installed\nVersion: 1\nArchitecture: ${architecture}`;
    const { installed } = status(stanza('b', 'i386'), stanza('b', 'amd64'), stanza('a', 'i386'));
    expect(installed.map(({ name, architecture }) => `${name}:${architecture}`)).toEqual([
      'a:i386',
      'b:amd64',
      'b:i386',
    ]);
  });

  it.each([
    ['no package name', 'Status: install ok installed'],
    ['no status', `Package: a\n${base}`],
    ['a status of two words', `Package: a\nStatus: install installed\n${base}`],
    ['an unknown state', `Package: a\nStatus: install ok fine\n${base}`],
    ['no version', 'Package: a\nStatus: install ok installed\nArchitecture: amd64'],
    ['no architecture', 'Package: a\nStatus: install ok installed\nVersion: 1'],
    ['a line that is no field', `Package: a\nStatus: install ok installed\n${base}\nrubbish`],
    ['a field given twice', `Package: a\nPackage: b\nStatus: install ok installed\n${base}`],
    ['a continuation of nothing', ` folded\n${bash}`],
    ['an unreadable source', `Package: a\nStatus: install ok installed\n${base}\nSource: b (1`],
    ['the same package twice', bash],
  ])('refuses a stanza with %s, naming a line', (_, stanza) => {
    expect(() => status(bash, stanza)).toThrow(
      expect.objectContaining({ code: 'UNREADABLE_FILE', line: expect.any(Number) }),
    );
  });
});

describe('extended_states', () => {
  it('lists the automatic packages only', () => {
    const text =
      'Package: a\nArchitecture: amd64\nAuto-Installed: 1\n\nPackage: b\nArchitecture: amd64\nAuto-Installed: 0\n';
    expect(parseExtendedStates(text)).toEqual([{ name: 'a', architecture: 'amd64' }]);
    expect(parseExtendedStates('')).toEqual([]);
  });
});
