import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { buildAgentPackage } from '@patchbay/agent-package';
import { type PatchbayProcess, runPatchbay, startPatchbay } from '../support/patchbay-process.ts';
import { runTool, type ToolResult } from '../support/run-tool.ts';
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
  /** Pastes a new line of `enrol-line` into a root shell of the machine. */
  enrol(...flags: string[]): Promise<ToolResult & { readonly line: string; readonly instanceId: string }>;
  /** Sends a document to a node and answers the invocation once it has ended. */
  command(instanceId: string, document: string, parameters: string): Promise<Invocation>;
  close(): Promise<void>;
}

export interface Invocation {
  readonly Status: string;
  readonly StandardOutputContent: string;
  readonly StandardErrorContent: string;
}

/** What every kind of machine offers. */
export type BootedRoot = Pick<RunningRoot, 'run' | 'stop'>;

export async function setPackageStage<Machine extends BootedRoot>(
  boot: (directory: string) => Promise<Machine>,
  { packages = [], up = [] }: { readonly packages?: readonly string[]; readonly up?: readonly string[] } = {},
): Promise<PackageStage<Machine>> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-package-'));
  const data = join(folder, 'data');
  const server: PatchbayProcess = startPatchbay(['up', '--data', data, '--port', '0', ...up]);
  const [, endpoint = ''] = await server.waitFor(/^ready (https?:\/\/127\.0\.0\.1:\d+)$/m);
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
  const aws = async <Answer = unknown>(words: string): Promise<Answer> =>
    JSON.parse((await runTool(['sh', '-c', `${environment}\naws ${words} --output json`])).trim() || '{}');
  return {
    folder,
    data,
    endpoint,
    root,
    machine,
    aws,
    async enrol(...flags) {
      const { output } = await runPatchbay(['enrol-line', '--data', data, ...flags]);
      const line = output.split('\n').find((each) => each.startsWith('printf')) ?? '';
      const result = await machine.run(['sh', '-c', line]);
      return { ...result, line, instanceId: /Enrolled as (mi-[0-9a-f]{17})/.exec(result.stdout)?.[1] ?? '' };
    },
    async command(instanceId, document, parameters) {
      const { Command } = await aws<{ Command: { CommandId: string } }>(
        `ssm send-command --document-name ${document} --instance-ids ${instanceId} --parameters '${parameters}'`,
      );
      const ask = `ssm get-command-invocation --command-id ${Command.CommandId} --instance-id ${instanceId}`;
      for (;;) {
        const invocation = await aws<Invocation>(ask);
        if (invocation.Status === 'Success' || invocation.Status === 'Failed') return invocation;
        await wait(500);
      }
    },
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
