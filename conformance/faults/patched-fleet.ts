import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import {
  CreateActivationCommand,
  CreatePatchBaselineCommand,
  RegisterPatchBaselineForPatchGroupCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { AdministratorAccess, administratorFile } from '@patchbay/server';
import { expect } from 'vitest';
import { openPatchCommands, type PatchCommands } from '../support/patch-commands.ts';
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
import type { TwoNetworks } from '../support/two-networks.ts';

const releases = { main: debianRelease, security: debianSecurityRelease } satisfies Record<string, TestRelease>;
const patchGroup = 'faults';
/** In this order, each a group of its own in a plan, so that an install has moments between its transactions. */
const packageNames = ['pb-fault-a', 'pb-fault-b', 'pb-fault-c'] as const;

/** A node of the fleet: a small Debian root, and the agent that serves it. */
export interface FleetNode {
  readonly instanceId: string;
  readonly root: TestRoot;
  readonly stateDirectory: string;
  agent: PatchbayProcess;
  startAgent(): void;
}

/** A control plane and nodes, all of them real processes that a test may end as it likes. */
export interface PatchedFleet extends PatchCommands {
  /** As the administrator. */
  readonly ssm: SSMClient;
  readonly nodes: readonly FleetNode[];
  readonly archives: TestArchives<keyof typeof releases>;
  readonly folder: string;
  startServer(): Promise<void>;
  killServer(): Promise<void>;
  /** What the control plane printed since its last start, its log included. */
  serverOutput(): string;
  /** Process id of the embedded PostgreSQL. */
  findPostgres(): Promise<number>;
  /** Publishes the next version of every package to the security archive, and answers it. The middle one may differ. */
  publishNext(more?: Partial<TestPackage>, ofMiddle?: Partial<TestPackage>): Promise<string>;
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly nodeCount: number;
  /** What Debian the nodes are; bookworm where absent. */
  readonly suite?: string;
  /** An existing directory for the roots and states of the nodes; one of the fleet's own where absent. */
  readonly nodesDirectory?: string;
  /** The control plane (with TLS) is in the first, the agents are in the second. */
  readonly networks?: TwoNetworks;
  readonly patienceMilliseconds?: number;
}

const usualPatienceMilliseconds = 300_000;

async function findFreePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  listener.close();
  if (address === null || typeof address === 'string') throw new Error('No port was given');
  return address.port;
}

/** Starts archives, a control plane and nodes with three installed packages each, enrolled and online. */
export async function startPatchedFleet(options: FleetOptions): Promise<PatchedFleet> {
  const { nodeCount, networks } = options;
  const folder = await mkdtemp(join(tmpdir(), 'faults-'));
  const nodesDirectory = options.nodesDirectory ?? folder;
  const data = join(folder, 'data');
  const port = await findFreePort();
  const endpoint = `${networks === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const archives = await startTestArchives(releases);
  await archives.archives.main.publish(...packageNames.map((name) => ({ name, version: '1.0-1' })));
  const base = await prepareBaseRoot(options.suite === undefined ? {} : { suite: options.suite });

  let server: PatchbayProcess | undefined;
  const startServer = async () => {
    const words = ['up', '--data', data, '--port', `${port}`];
    if (networks !== undefined) words.push('--host', '0.0.0.0', '--tls', 'auto', '--tls-name', networks.address);
    server = startPatchbay(words, {}, networks?.inFirst);
    await server.waitFor(/^ready /m);
  };
  await startServer();
  const trust: string[] = [];
  if (networks !== undefined) {
    const [, fingerprint = ''] = /^ca-fingerprint (sha256:\S+)$/m.exec(server?.output() ?? '') ?? [];
    trust.push(`--ca-fingerprint=${fingerprint}`);
    setDefaultCACertificates([...getCACertificates(), await readFile(join(data, 'ca.pem'), 'utf8')]);
    await networks.lendFirst(port);
    for (const { uri } of Object.values(archives.archives)) await networks.lendToSecond(Number(new URL(uri).port));
  }
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
      directory: join(nodesDirectory, `root-${number}`),
      archives: Object.values(archives.archives),
      keyring: archives.keyring,
    });
    await root.install(...packageNames);
    const stateDirectory = join(nodesDirectory, `state-${number}`);
    const words = ['agent', '--root', root.directory, '--state', stateDirectory];
    const startAgent = (...more: string[]) => startPatchbay([...words, ...more], {}, networks?.inSecond);
    const agent = startAgent(
      `--endpoint=${networks === undefined ? endpoint : `https://${networks.address}:${port}`}`,
      `--region=${region}`,
      `--activation-id=${activation.ActivationId}`,
      `--activation-code=${activation.ActivationCode}`,
      ...trust,
    );
    const [, instanceId = ''] = await agent.waitFor(/Online as (mi-[0-9a-f]{17})/);
    const node: FleetNode = {
      instanceId,
      root,
      stateDirectory,
      agent,
      startAgent: () => {
        node.agent = startAgent();
      },
    };
    nodes.push(node);
  }

  const commands = openPatchCommands({
    ssm,
    endpoint,
    administrator,
    to: { Targets: [{ Key: 'tag:PatchGroup', Values: [patchGroup] }] },
    nodeCount,
    patienceMilliseconds: options.patienceMilliseconds ?? usualPatienceMilliseconds,
    describeNodes: async () => nodes.map(({ agent }) => agent.output().slice(-500)).join('\n'),
  });
  let round = 0;
  return {
    ...commands,
    ssm,
    nodes,
    archives,
    folder,
    startServer,
    async killServer() {
      await server?.end('SIGKILL');
    },
    serverOutput: () => server?.output() ?? '',
    async findPostgres() {
      const found = await runTool(['find', join(data, 'postgres'), '-name', 'postmaster.pid']);
      return Number((await readFile(found.trim(), 'utf8')).split('\n')[0]);
    },
    async publishNext(more = {}, ofMiddle = {}) {
      round += 1;
      const version = `1.0-1+deb12u${round}`;
      await archives.archives.security.publish(
        ...packageNames.map((name, index) => ({ name, version, ...more, ...(index === 1 ? ofMiddle : {}) })),
      );
      return version;
    },
    async close() {
      for (const { agent } of nodes) await agent.end('SIGTERM');
      await server?.end('SIGTERM');
      ssm.destroy();
      await archives.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The version of each package that dpkg has on the node, and what `dpkg --audit` complains about. */
export async function readPackages(
  node: FleetNode,
): Promise<{ readonly versions: readonly string[]; readonly audit: string }> {
  const query = await node.root.run(['dpkg-query', '--show', '--showformat=${Status} ${Version}\\n', ...packageNames]);
  const audit = await node.root.run(['dpkg', '--audit']);
  return { versions: query.stdout.trim().split('\n'), audit: audit.stdout };
}

/** A command is over on every node: once, with a verdict and its output, whatever happened meanwhile. */
export async function expectCarriedOutOnce(fleet: PatchedFleet, commandId: string, what: string): Promise<void> {
  for (const node of fleet.nodes) {
    const outcome = await fleet.read(commandId, node.instanceId);
    const where = `${what} ${commandId} on ${node.instanceId}: ${outcome.errors}`;
    expect.soft(outcome.status, where).toBe('Success');
    expect.soft(outcome.operations, where).toBe(1);
    expect.soft(outcome.verdict, where).not.toBeNull();
    expect.soft(outcome.output, where).toContain('COMPLIANT');
  }
}

/** Every node has exactly one version of each package, and nothing half done. */
export async function expectCleanNodes(fleet: PatchedFleet, version: string): Promise<void> {
  for (const node of fleet.nodes) {
    const { versions, audit } = await readPackages(node);
    expect.soft(audit).toBe('');
    expect.soft(new Set(versions)).toEqual(new Set([`install ok installed ${version}`]));
  }
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
