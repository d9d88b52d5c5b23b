import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { runTool } from './run-tool.ts';

/** One version of one Debian package that a test invents. */
export interface TestPackage {
  readonly name: string;
  readonly version: string;
  /** `all` where absent. */
  readonly architecture?: string;
  /** `misc` where absent. */
  readonly section?: string;
  /** `optional` where absent. */
  readonly priority?: string;
  readonly isEssential?: boolean;
  /** `openssl` or `openssl (3.0.1)`, as dpkg writes the field; the package itself where absent. */
  readonly source?: string;
  readonly depends?: string;
  readonly preDepends?: string;
  readonly recommends?: string;
  readonly breaks?: string;
  readonly conflicts?: string;
  readonly replaces?: string;
  readonly provides?: string;
  readonly multiArch?: string;
  /** What it says that it takes when it is installed; nothing where absent. */
  readonly installedSizeKibibytes?: number;
  /** Only in the index, as Ubuntu does it. */
  readonly phasedUpdatePercentage?: number;
  /** Absolute paths with their content. */
  readonly files?: Readonly<Record<string, string>>;
  /** Of its source, as dpkg keeps it; none where absent. */
  readonly changelog?: string;
  readonly conffiles?: Readonly<Record<string, string>>;
  /** Shell texts, without the `#!` line. */
  readonly scripts?: Readonly<Partial<Record<'preinst' | 'postinst' | 'prerm' | 'postrm', string>>>;
}

export interface BuiltPackage {
  readonly description: TestPackage;
  /** Below the archive: `pool/main/p/pb-held/pb-held_1.0_all.deb`. */
  readonly filename: string;
  readonly content: Buffer;
  /** Its stanza of the Packages index. */
  readonly stanza: string;
}

const built = new Map<string, Promise<BuiltPackage>>();

/** Builds a .deb with dpkg-deb; the same description twice is built once. */
export function buildTestPackage(description: TestPackage): Promise<BuiltPackage> {
  const key = JSON.stringify(description);
  const known = built.get(key);
  if (known !== undefined) return known;
  const building = buildOnce(description);
  built.set(key, building);
  return building;
}

async function buildOnce(description: TestPackage): Promise<BuiltPackage> {
  const directory = await mkdtemp(join(tmpdir(), 'test-package-'));
  try {
    const tree = join(directory, 'tree');
    await mkdir(join(tree, 'DEBIAN'), { recursive: true, mode: 0o755 });
    const control = controlFields(description);
    await writeFile(join(tree, 'DEBIAN/control'), `${control}\nDescription: made for a test\n`);
    const conffiles = Object.keys(description.conffiles ?? {});
    if (conffiles.length > 0) await writeFile(join(tree, 'DEBIAN/conffiles'), `${conffiles.join('\n')}\n`);
    for (const [name, text] of Object.entries(description.scripts ?? {})) {
      await writeFile(join(tree, 'DEBIAN', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
    const documentation = { [`/usr/share/doc/${description.name}/version`]: `${description.version}\n` };
    for (const [path, content] of Object.entries({
      ...documentation,
      ...description.files,
      ...description.conffiles,
    })) {
      await mkdir(dirname(join(tree, path)), { recursive: true, mode: 0o755 });
      await writeFile(join(tree, path), content);
    }
    if (description.changelog !== undefined) {
      const path = join(tree, 'usr/share/doc', description.name, 'changelog.Debian.gz');
      await writeFile(path, gzipSync(description.changelog));
    }
    const file = join(directory, 'package.deb');
    await runTool(['dpkg-deb', '--root-owner-group', '-Znone', '--build', tree, file]);
    const content = await readFile(file);
    return { description, content, ...indexEntry(description, control, content) };
  } finally {
    await rm(directory, { recursive: true });
  }
}

function controlFields(description: TestPackage): string {
  const fields: Record<string, string | undefined> = {
    Package: description.name,
    Source: description.source,
    Version: description.version,
    Architecture: description.architecture ?? 'all',
    Maintainer: 'Test <test@example.invalid>',
    Section: description.section ?? 'misc',
    Priority: description.priority ?? 'optional',
    Essential: description.isEssential === true ? 'yes' : undefined,
    'Multi-Arch': description.multiArch,
    'Installed-Size': description.installedSizeKibibytes?.toString(),
    'Pre-Depends': description.preDepends,
    Depends: description.depends,
    Recommends: description.recommends,
    Breaks: description.breaks,
    Conflicts: description.conflicts,
    Replaces: description.replaces,
    Provides: description.provides,
  };
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return present.map(([name, value]) => `${name}: ${value}`).join('\n');
}

function indexEntry(description: TestPackage, control: string, content: Buffer): { filename: string; stanza: string } {
  const { name, version } = description;
  const architecture = description.architecture ?? 'all';
  // dpkg-deb leaves the epoch out of file names, and so does dak.
  const fileVersion = version.replace(/^\d+:/, '');
  const filename = `pool/main/${name.slice(0, 1)}/${name}/${name}_${fileVersion}_${architecture}.deb`;
  const phased = description.phasedUpdatePercentage;
  const lines = [
    control,
    ...(phased === undefined ? [] : [`Phased-Update-Percentage: ${phased}`]),
    `Filename: ${filename}`,
    `Size: ${content.length}`,
    `SHA256: ${createHash('sha256').update(content).digest('hex')}`,
    'Description: made for a test',
  ];
  return { filename, stanza: `${lines.join('\n')}\n` };
}
