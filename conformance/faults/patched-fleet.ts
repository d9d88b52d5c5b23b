import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  CreateActivationCommand,
  CreatePatchBaselineCommand,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  RegisterPatchBaselineForPatchGroupCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { GetPatchOperation, ListPatchOperations, type OperationContract } from '@patchbay/contracts';
import { AdministratorAccess, administratorFile } from '@patchbay/server';
import type { z } from 'zod';
import { readSuccess, sendJsonCall } from '../../packages/server/src/test-support/send-request.ts';
import { type PatchbayProcess, startPatchbay } from '../support/patchbay-process.ts';
import { runTool } from '../support/run-tool.ts';
import {
  debianRelease,
  debianSecurityRelease,
  startTestArchives,
  type TestArchives,
  type TestRelease,
} from '../support/test-archive.ts';
import type { TestPackage } from '../support/test-package-build.ts';
import { createTestRoot, prepareBaseRoot, type TestRoot } from '../support/test-root.ts';

const releases = { main: debianRelease, security: debianSecurityRelease } satisfies Record<string, TestRelease>;
const patchGroup = 'faults';
/** Each is a group of its own in a plan, so that an install has moments between its transactions. */
const packageNames = ['pb-fault-a', 'pb-fault-b', 'pb-fault-c'] as const;

/** A node of the fleet: a small Debian root, and the agent that serves it. */
export interface FleetNode {
  readonly instanceId: string;
  readonly root: TestRoot;
  agent: PatchbayProcess;
  startAgent(): void;
}

/** A control plane and nodes, all of them real processes that a test may end as it likes. */
export interface PatchedFleet {
  readonly nodes: readonly FleetNode[];
  readonly archives: TestArchives<keyof typeof releases>;
  readonly folder: string;
  startServer(): Promise<void>;
  killServer(): Promise<void>;
  /** Process id of the embedded PostgreSQL. */
  findPostgres(): Promise<number>;
  /** Publishes the next version of every package to the security archive, and answers it. */
  publishNext(more?: Partial<TestPackage>): Promise<string>;
  /** Sends AWS-RunPatchBaseline to all nodes and answers the command's id. */
  send(operation: 'Scan' | 'Install'): Promise<string>;
  /** True when every invocation has reached its end. */
  isFinished(commandId: string): Promise<boolean>;
  awaitFinished(commandId: string): Promise<void>;
  /** What must be true of a command once it is over, whatever happened meanwhile. */
  read(commandId: string, node: FleetNode): Promise<CommandOutcome>;
  close(): Promise<void>;
}

export interface CommandOutcome {
  readonly status: string;
  readonly output: string;
  readonly errors: string;
  /** Rows of history that this command left for the node. */
  readonly operations: number;
  readonly verdict: string | null;
}

const finalStatuses = new Set(['Success', 'Failed', 'Cancelled', 'TimedOut']);
const commandPatienceMilliseconds = 300_000;

async function findFreePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  if (address === null || typeof address === 'string') throw new Error('No port was given');
  return address.port;
}

/** Starts archives, a control plane and nodes with three installed packages each, enrolled and online. */
export async function startPatchedFleet(nodeCount: number): Promise<PatchedFleet> {
  const folder = await mkdtemp(join(tmpdir(), 'faults-'));
  const data = join(folder, 'data');
  const port = await findFreePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const archives = await startTestArchives(releases);
  await archives.archives.main.publish(...packageNames.map((name) => ({ name, version: '1.0-1' })));
  const base = await prepareBaseRoot();

  let server: PatchbayProcess | undefined;
  const startServer = async () => {
    server = startPatchbay(['up', '--data', data, '--port', `${port}`]);
    await server.waitFor(/^ready /m);
  };
  await startServer();
  const administrator = AdministratorAccess.parse(JSON.parse(await readFile(administratorFile(data), 'utf8')));
  const { region } = administrator;
  const ssm = new SSMClient({ endpoint, region, credentials: administrator, maxAttempts: 10 });
  const { BaselineId } = await ssm.send(
    new CreatePatchBaselineCommand({
      Name: 'faults',
      OperatingSystem: 'DEBIAN',
      ApprovalRules: {
        PatchRules: [{ PatchFilterGroup: { PatchFilters: [{ Key: 'PRODUCT', Values: ['*'] }] }, ApproveAfterDays: 0 }],
      },
    }),
  );
  await ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup: patchGroup }));
  const activation = await ssm.send(
    new CreateActivationCommand({
      IamRole: 'node',
      RegistrationLimit: nodeCount,
      Tags: [{ Key: 'PatchGroup', Value: patchGroup }],
    }),
  );

  const nodes: FleetNode[] = [];
  for (let number = 0; number < nodeCount; number += 1) {
    const root = await createTestRoot({
      base,
      directory: join(folder, `root-${number}`),
      archives: Object.values(archives.archives),
      keyring: archives.keyring,
    });
    await root.install(...packageNames);
    const words = ['agent', '--root', root.directory, '--state', join(folder, `state-${number}`)];
    const agent = startPatchbay([
      ...words,
      `--endpoint=${endpoint}`,
      `--region=${region}`,
      `--activation-id=${activation.ActivationId}`,
      `--activation-code=${activation.ActivationCode}`,
    ]);
    const [, instanceId = ''] = await agent.waitFor(/Online as (mi-[0-9a-f]{17})/);
    const node: FleetNode = {
      instanceId,
      root,
      agent,
      startAgent: () => {
        node.agent = startPatchbay(words);
      },
    };
    nodes.push(node);
  }

  async function call<Input extends z.ZodType, Output extends z.ZodType>(
    contract: OperationContract<Input, Output>,
    input: z.input<Input>,
  ): Promise<z.output<Output>> {
    const answer = await sendJsonCall(endpoint, {
      target: `Patchbay.${contract.name}`,
      service: 'patchbay',
      region,
      credentials: administrator,
      now: new Date(),
      body: JSON.stringify(input),
    });
    return contract.output.parse(readSuccess(answer));
  }

  let round = 0;
  const fleet: PatchedFleet = {
    nodes,
    archives,
    folder,
    startServer,
    async killServer() {
      await server?.end('SIGKILL');
    },
    async findPostgres() {
      const found = await runTool(['find', join(data, 'postgres'), '-name', 'postmaster.pid']);
      return Number((await readFile(found.trim(), 'utf8')).split('\n')[0]);
    },
    async publishNext(more = {}) {
      round += 1;
      const version = `1.0-1+deb12u${round}`;
      await archives.archives.security.publish(...packageNames.map((name) => ({ name, version, ...more })));
      return version;
    },
    async send(operation) {
      const { Command } = await ssm.send(
        new SendCommandCommand({
          DocumentName: 'AWS-RunPatchBaseline',
          Targets: [{ Key: 'tag:PatchGroup', Values: [patchGroup] }],
          Parameters: { Operation: [operation] },
          MaxConcurrency: '100%',
          MaxErrors: '100%',
        }),
      );
      return Command?.CommandId ?? '';
    },
    async isFinished(commandId) {
      const { CommandInvocations = [] } = await ssm.send(
        new ListCommandInvocationsCommand({ CommandId: commandId, MaxResults: 50 }),
      );
      const ended = CommandInvocations.filter(({ Status }) => finalStatuses.has(Status ?? ''));
      return ended.length === nodes.length;
    },
    async awaitFinished(commandId) {
      const deadline = Date.now() + commandPatienceMilliseconds;
      while (!(await fleet.isFinished(commandId))) {
        if (Date.now() > deadline) {
          throw new Error(
            `The command ${commandId} does not end. ${nodes.map(({ agent }) => agent.output().slice(-500)).join('\n')}`,
          );
        }
        await wait(500);
      }
    },
    async read(commandId, { instanceId }) {
      const invocation = await ssm.send(
        new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId }),
      );
      const { operations } = await call(ListPatchOperations, { instanceId, maxResults: 100 });
      const own = operations.filter((operation) => operation.commandId === commandId);
      const [last] = own;
      const stored = last && (await call(GetPatchOperation, { operationId: last.operationId }));
      return {
        status: invocation.Status ?? '',
        output: invocation.StandardOutputContent ?? '',
        errors: invocation.StandardErrorContent ?? '',
        operations: own.length,
        verdict: stored?.verdict?.status ?? null,
      };
    },
    async close() {
      for (const { agent } of nodes) await agent.end('SIGTERM');
      await server?.end('SIGTERM');
      ssm.destroy();
      await archives.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return fleet;
}

/** The version of each package that dpkg has on the node, and what `dpkg --audit` complains about. */
export async function readPackages(
  node: FleetNode,
): Promise<{ readonly versions: readonly string[]; readonly audit: string }> {
  const query = await node.root.run(['dpkg-query', '--show', '--showformat=${Status} ${Version}\\n', ...packageNames]);
  const audit = await node.root.run(['dpkg', '--audit']);
  return { versions: query.stdout.trim().split('\n'), audit: audit.stdout };
}

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed of this run: printed, so that a failure can be repeated with FAULT_SEED. */
export function chooseSeed(): number {
  const given = process.env['FAULT_SEED'];
  const seed = given === undefined ? randomBytes(4).readUInt32LE() : Number(given);
  console.log(`FAULT_SEED=${seed}`);
  return seed;
}
