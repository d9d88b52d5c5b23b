import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateActivationCommand,
  CreatePatchBaselineCommand,
  type CreatePatchBaselineRequest,
  DescribeInstancePatchStatesCommand,
  type InstancePatchState,
  ListCommandInvocationsCommand,
  RegisterPatchBaselineForPatchGroupCommand,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { GetPatchOperation, ListPatchOperations, type OperationContract } from '@patchbay/contracts';
import { expect } from 'vitest';
import type { z } from 'zod';
import { readSuccess } from '../../packages/server/src/test-support/send-request.ts';
import { createDataFolder, startRealServer } from '../ssm/real-server.ts';
import { startPatchbay } from '../support/patchbay-process.ts';
import { debianRelease, debianSecurityRelease, startTestArchives } from '../support/test-archive.ts';
import type { TestPackage } from '../support/test-package-build.ts';
import { createTestRoot, prepareBaseRoot, type TestRoot } from '../support/test-root.ts';

export interface PatchedRootOptions {
  /** In the main archive and installed, and what the security archive has of them afterwards. */
  readonly installed: readonly TestPackage[];
  readonly fixes: readonly TestPackage[];
  /** Beside the rule of the node's baseline that approves every security update at once. */
  readonly baseline?: Partial<CreatePatchBaselineRequest>;
  /** Content of the node's policy file; none where absent. */
  readonly policy?: object;
}

/** What a person reads about a command that has ended, each step with its status. */
export interface EndedCommand {
  readonly commandId: string;
  readonly status: string;
  /** `InitialScan Success` or `PreInstallHook not run`, in the order of the document. */
  readonly steps: readonly string[];
  readonly output: string;
}

/** A control plane, and a node that is a small Debian root with an agent: nothing of it is a double. */
export interface PatchedRoot {
  /** As the administrator. */
  readonly ssm: SSMClient;
  readonly instanceId: string;
  readonly root: TestRoot;
  run(documentName: string, parameters: Readonly<Record<string, string>>): Promise<EndedCommand>;
  /** A file of the control plane that a command can name as `patchbay-override:NAME`. */
  putOverride(name: string, content: string): void;
  /** What the command left in the history of the node: `Scan: 2 missing`, at its end. */
  readHistory(commandId: string): Promise<readonly string[]>;
  readState(): Promise<InstancePatchState>;
  /** The names in the verdict of the command's last operation that are missing, with the target. */
  readMissing(commandId: string): Promise<readonly string[]>;
  /** What dpkg has, `name version` of the packages under test; `--audit` must have nothing to say. */
  readPackages(): Promise<readonly string[]>;
  /** What apt would change if it were asked by these words: `name version`. */
  askApt(...words: readonly string[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

const finalStatuses = new Set(['Success', 'Failed', 'Cancelled', 'TimedOut']);

export async function startPatchedRoot(options: PatchedRootOptions): Promise<PatchedRoot> {
  const folder = await mkdtemp(join(tmpdir(), 'patched-root-'));
  const dataFolder = await createDataFolder();
  const server = await startRealServer(dataFolder.data);
  const { ssm } = server;
  const served = await startTestArchives({
    main: debianRelease,
    security: debianSecurityRelease,
  });
  const { archives, keyring } = served;
  await archives.main.publish(...options.installed);
  const base = await prepareBaseRoot();
  const directory = join(folder, 'root');
  const root = await createTestRoot({ base, directory, archives: Object.values(archives), keyring });
  await root.install(...options.installed.map(({ name }) => name));
  await archives.security.publish(...options.fixes);

  const PatchGroup = 'roots';
  const { BaselineId } = await ssm.send(
    new CreatePatchBaselineCommand({
      Name: PatchGroup,
      OperatingSystem: 'DEBIAN',
      ApprovalRules: {
        PatchRules: [{ PatchFilterGroup: { PatchFilters: [{ Key: 'PRODUCT', Values: ['*'] }] }, ApproveAfterDays: 0 }],
      },
      ...options.baseline,
    }),
  );
  await ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup }));
  const activation = await ssm.send(
    new CreateActivationCommand({ IamRole: 'node', Tags: [{ Key: 'PatchGroup', Value: PatchGroup }] }),
  );
  const state = join(folder, 'state');
  mkdirSync(state, { mode: 0o700 });
  if (options.policy !== undefined) {
    writeFileSync(join(state, 'policy.json'), JSON.stringify(options.policy), { mode: 0o644 });
  }
  const agent = startPatchbay([
    'agent',
    `--endpoint=${server.url}`,
    `--region=${server.access.region}`,
    `--activation-id=${activation.ActivationId}`,
    `--activation-code=${activation.ActivationCode}`,
    `--root=${root.directory}`,
    `--state=${state}`,
  ]);
  const [, instanceId = ''] = await agent.waitFor(/Online as (mi-[0-9a-f]{17})/);

  async function call<Input extends z.ZodType, Output extends z.ZodType>(
    contract: OperationContract<Input, Output>,
    input: z.input<Input>,
  ): Promise<z.output<Output>> {
    const answer = await server.call(`Patchbay.${contract.name}`, input, { service: 'patchbay' });
    return contract.output.parse(readSuccess(answer));
  }
  async function readInvocation(CommandId: string) {
    const { CommandInvocations: [invocation] = [] } = await ssm.send(
      new ListCommandInvocationsCommand({ CommandId, InstanceId: instanceId, Details: true }),
    );
    return invocation;
  }
  async function listOperations(commandId: string) {
    const { operations } = await call(ListPatchOperations, { instanceId });
    return operations.filter((operation) => operation.commandId === commandId).toReversed();
  }

  return {
    ssm,
    instanceId,
    root,
    async run(documentName, parameters) {
      const { Command } = await ssm.send(
        new SendCommandCommand({
          DocumentName: documentName,
          InstanceIds: [instanceId],
          Parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, [value]])),
        }),
      );
      const commandId = Command?.CommandId ?? '';
      await expect
        .poll(async () => finalStatuses.has((await readInvocation(commandId))?.Status ?? ''), {
          timeout: 90_000,
          interval: 200,
        })
        .toBe(true);
      const { Status = '', CommandPlugins = [] } = (await readInvocation(commandId)) ?? {};
      return {
        commandId,
        status: Status,
        // AWS has no status for a step that was not run: it is Success there, and its output says so.
        steps: CommandPlugins.map(({ Name, StatusDetails, Output }) =>
          Output?.startsWith('Not run: ') ? `${Name} not run` : `${Name} ${StatusDetails}`,
        ),
        output: CommandPlugins.map((plugin) => plugin.Output ?? '').join('\n'),
      };
    },
    putOverride(name, content) {
      const overrides = join(dataFolder.data, 'overrides');
      mkdirSync(overrides, { recursive: true, mode: 0o700 });
      writeFileSync(join(overrides, name), content);
    },
    async readHistory(commandId) {
      const operations = await listOperations(commandId);
      return operations.map(({ operation, counts }) => `${operation}: ${counts?.missingCount} missing`);
    },
    async readState() {
      const { InstancePatchStates: [found] = [] } = await ssm.send(
        new DescribeInstancePatchStatesCommand({ InstanceIds: [instanceId] }),
      );
      if (found === undefined) throw new Error('The node has no patch state');
      return found;
    },
    async readMissing(commandId) {
      const last = (await listOperations(commandId)).at(-1);
      const { verdict } = await call(GetPatchOperation, { operationId: last?.operationId ?? '' });
      const missing = verdict?.items.filter((item) => item.state === 'missing') ?? [];
      return missing.map((item) => `${item.name} ${item.targetVersion}`);
    },
    async readPackages() {
      expect((await root.run(['dpkg', '--audit'])).stdout).toBe('');
      const shown = await root.run(['dpkg-query', '--show', '--showformat=${Package} ${Version}\\n', 'pb-*']);
      return shown.stdout.trim().split('\n').sort();
    },
    async askApt(...words) {
      expect((await root.run(['apt-get', 'update', '-qq'])).exitCode).toBe(0);
      const { stdout } = await root.run(['apt-get', '-s', ...words]);
      return [...stdout.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+) /gm)]
        .map(([, name, version]) => `${name} ${version}`)
        .sort();
    },
    async close() {
      await agent.end('SIGTERM');
      await server.stop();
      await served.close();
      await dataFolder.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
