import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildAgentPackage } from '@patchbay/agent-package';
import { type PatchbayProcess, runPatchbay, startPatchbay } from '../support/patchbay-process.ts';
import { runTool } from '../support/run-tool.ts';
import type { RunningRoot } from '../support/running-root.ts';
import { startTestArchives, type TestArchives } from '../support/test-archive.ts';
import {
  growArchives,
  type HardCaseArchive,
  hardCaseReleases,
  hardCases,
  stageHardCases,
} from '../support/test-packages.ts';
import { createTestRoot, prepareBaseRoot, type TestRoot } from '../support/test-root.ts';

const cases = [hardCases.epoch, hardCases.automatic];

/** A control plane, and a machine that has packages to patch and no agent yet. */
export interface PackageStage<Machine extends BootedRoot = RunningRoot> {
  readonly folder: string;
  readonly data: string;
  readonly endpoint: string;
  readonly root: TestRoot;
  readonly machine: Machine;
  /** An aws CLI as the first administrator; its answer is taken at its word. */
  aws<Answer = unknown>(words: string): Promise<Answer>;
  close(): Promise<void>;
}

/** What every kind of machine offers. */
export type BootedRoot = Pick<RunningRoot, 'run' | 'stop'>;

export async function setPackageStage<Machine extends BootedRoot>(
  boot: (directory: string) => Promise<Machine>,
  packages: readonly string[] = [],
): Promise<PackageStage<Machine>> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-package-'));
  const data = join(folder, 'data');
  const server: PatchbayProcess = startPatchbay(['up', '--data', data, '--port', '0']);
  const [, endpoint = ''] = await server.waitFor(/^ready (http:\/\/127\.0\.0\.1:\d+)$/m);
  const archives: TestArchives<HardCaseArchive> = await startTestArchives(hardCaseReleases);
  const root = await createTestRoot({
    // Every Debian machine has them; the smallest roots have not.
    base: await prepareBaseRoot({ packages: ['mount', 'wget', ...packages] }),
    directory: join(folder, 'root'),
    archives: Object.values(archives.archives),
    keyring: archives.keyring,
  });
  await stageHardCases({ root, archives: archives.archives }, cases);
  await growArchives(archives.archives, cases);
  const machine = await boot(root.directory);
  const { output: environment } = await runPatchbay(['env', '--data', data]);
  return {
    folder,
    data,
    endpoint,
    root,
    machine,
    aws: async (words) =>
      JSON.parse((await runTool(['sh', '-c', `${environment}\naws ${words} --output json`])).trim() || '{}'),
    async close() {
      await machine.stop();
      await root.remove();
      await archives.close();
      await server.end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Lets the control plane serve a package; `change` may spoil the tree first, and gives it another version. */
export async function servePackage(
  stage: Pick<PackageStage, 'data' | 'folder'>,
  version: string,
  spoil?: (tree: string) => Promise<void>,
): Promise<string> {
  const built = await buildAgentPackage({ architecture: 'amd64', compression: 'none', version });
  const directory = join(stage.data, 'agent-packages');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const served = join(directory, built.fileName);
  if (spoil === undefined) await copyFile(built.path, served);
  else {
    const tree = join(stage.folder, `tree-${version}`);
    await runTool(['dpkg-deb', '--raw-extract', built.path, tree]);
    await spoil(tree);
    await runTool(['dpkg-deb', '--root-owner-group', '-Znone', '--build', tree, served]);
  }
  return served;
}
