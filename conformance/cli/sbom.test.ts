import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runPatchbay } from '../support/patchbay-process.ts';
import { runTool } from '../support/run-tool.ts';

interface CycloneDxComponent {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

interface SpdxPackage {
  readonly name: string;
  readonly versionInfo: string;
  readonly sourceInfo?: string;
}

let folder: string;
/** Name, version, architecture, source and its version of all that dpkg itself says is on this machine's disk. */
let packages: string[][];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sbom-'));
  const fields = ['Package', 'Version', 'Architecture', 'source:Package', 'source:Version', 'db:Status-Status'];
  const format = `${fields.map((field) => `\${${field}}`).join(' ')}\n`;
  const shown = await runTool(['dpkg-query', '--show', `--showformat=${format}`]);
  packages = shown
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , , , , state = '']) => !['config-files', 'not-installed'].includes(state))
    .map((words) => words.slice(0, 5));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const sorted = (lines: readonly string[]) => lines.toSorted();

it('lists exactly what dpkg-query lists on this machine, as CycloneDX', async () => {
  const file = join(folder, 'bill.cdx.json');
  expect((await runPatchbay(['sbom', '--output', file])).exitCode).toBe(0);
  const { components } = JSON.parse(await readFile(file, 'utf8')) as { components: CycloneDxComponent[] };
  const listed = components
    .filter(({ type }) => type === 'library')
    .map(({ name, version, properties = [] }) => [name, version, ...properties.map(({ value }) => value)].join(' '));
  expect(packages.length).toBeGreaterThan(50);
  expect(sorted(listed)).toEqual(sorted(packages.map((words) => words.join(' '))));
});

it('lists exactly what dpkg-query lists on this machine, as SPDX', async () => {
  const { exitCode, output } = await runPatchbay(['sbom', '--root', '/', '--format', 'spdx']);
  expect(exitCode).toBe(0);
  const document = JSON.parse(output) as { packages: SpdxPackage[] };
  const listed = document.packages
    .filter(({ sourceInfo }) => sourceInfo !== undefined)
    .map(({ name, versionInfo, sourceInfo }) => `${name} ${versionInfo} ${sourceInfo}`);
  const expected = packages.map(
    ([name, version, , source, sourceVersion]) =>
      `${name} ${version} built from the source package ${source} ${sourceVersion}`,
  );
  expect(sorted(listed)).toEqual(sorted(expected));
});

it('says which file it could not write', async () => {
  const { exitCode, output } = await runPatchbay(['sbom', '--output', join(folder, 'none', 'bill.json')]);
  expect(output).toContain('which cannot be written');
  expect(exitCode).toBe(2);
});
