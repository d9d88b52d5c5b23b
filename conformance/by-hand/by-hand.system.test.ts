import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PatchbayProcess, startPatchbay } from '../support/patchbay-process.ts';
import { runTool } from '../support/run-tool.ts';
import { startTestArchives, type TestArchives } from '../support/test-archive.ts';
import {
  growArchives,
  type HardCaseArchive,
  hardCaseReleases,
  hardCases,
  stageHardCases,
} from '../support/test-packages.ts';
import { createTestRoot, prepareBaseRoot, type TestRoot } from '../support/test-root.ts';

// The README's walk by hand: a server, an agent, and stock aws CLIs in a shell that did `eval "$(patchbay env)"`.
const clis = [
  { name: 'the newer aws CLI, first on PATH', path: process.env.PATH ?? '' },
  { name: "Debian's awscli, which ignores AWS_ENDPOINT_URL", path: '/usr/bin:/bin:/usr/sbin:/sbin' },
];
const cases = [hardCases.held, hardCases.epoch, hardCases.automatic];

let folder: string;
let server: PatchbayProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'by-hand-'));
  server = startPatchbay(['up', '--data', join(folder, 'data'), '--port', '0']);
  await server.waitFor(/^ready http:\/\/127\.0\.0\.1:\d+$/m);
});

afterAll(async () => {
  await server?.end('SIGTERM');
  await rm(folder, { recursive: true, force: true });
});

/** The lines of `patchbay env` for a PATH: which CLI it finds there decides what they are. */
const environments = new Map<string, string>();

async function environmentFor(path: string): Promise<string> {
  const known = environments.get(path);
  if (known !== undefined) return known;
  const child = startPatchbay(['env', '--data', join(folder, 'data')], { PATH: path });
  await child.end('SIGCONT');
  environments.set(path, child.output());
  return child.output();
}

/** What a person types into a shell where `env` was evaluated. */
async function shell(path: string, script: string): Promise<string> {
  return (await runTool(['env', `PATH=${path}`, 'sh', '-c', `${await environmentFor(path)}\n${script}`])).trim();
}

describe.each(clis)('by hand with $name', ({ path }) => {
  // Archives of its own: a node can only be made unpatched before they grow.
  let archives: TestArchives<HardCaseArchive>;
  let root: TestRoot;
  let agent: PatchbayProcess;
  let instanceId: string;
  const aws = async (words: string) => JSON.parse((await shell(path, `aws ${words} --output json`)) || '{}');

  beforeAll(async () => {
    const directory = await mkdtemp(join(folder, 'node-'));
    archives = await startTestArchives(hardCaseReleases);
    root = await createTestRoot({
      base: await prepareBaseRoot(),
      directory: join(directory, 'root'),
      archives: Object.values(archives.archives),
      keyring: archives.keyring,
    });
    await stageHardCases({ root, archives: archives.archives }, cases);
    await growArchives(archives.archives, cases);
    const activation = await aws("ssm create-activation --iam-role node --tags 'Key=Patch Group,Value=WebServers'");
    agent = startPatchbay([
      'agent',
      `--endpoint=${/ready (\S+)/.exec(server.output())?.[1]}`,
      '--region=us-east-1',
      `--activation-id=${activation.ActivationId}`,
      `--activation-code=${activation.ActivationCode}`,
      `--root=${root.directory}`,
      `--state=${join(directory, 'state')}`,
    ]);
    instanceId = (await agent.waitFor(/Online as (mi-[0-9a-f]{17})/))[1] ?? '';
  });

  afterAll(async () => {
    await aws(`ssm deregister-managed-instance --instance-id ${instanceId}`);
    expect(await agent?.end('SIGTERM')).toEqual({ code: 0, signal: null });
    await root?.remove();
    await archives?.close();
  });

  /** Sends AWS-RunPatchBaseline and answers the invocation once it has ended. */
  async function patch(operation: 'Scan' | 'Install') {
    const { Command } = await aws(
      `ssm send-command --document-name AWS-RunPatchBaseline --instance-ids ${instanceId} --parameters Operation=${operation}`,
    );
    const waited = `aws ssm wait command-executed --command-id ${Command.CommandId} --instance-id ${instanceId} || true`;
    await shell(path, waited);
    return await aws(`ssm get-command-invocation --command-id ${Command.CommandId} --instance-id ${instanceId}`);
  }

  it('tells who is calling', async () => {
    expect((await aws('sts get-caller-identity')).Arn).toMatch(/^arn:aws:iam::\d{12}:user\/administrator$/);
  });

  it('lists the node', async () => {
    const { InstanceInformationList } = await aws('ssm describe-instance-information');
    expect(InstanceInformationList).toMatchObject([{ InstanceId: instanceId, PingStatus: 'Online' }]);
  });

  it('goes from unpatched to patched, with the held package still missing and said to be held', async () => {
    const rules =
      "'PatchRules=[{PatchFilterGroup={PatchFilters=[{Key=PRODUCT,Values=[Debian12]}]},ApproveAfterDays=7}]'";
    const { BaselineId } = await aws(
      `ssm create-patch-baseline --name web-servers --operating-system DEBIAN --approval-rules ${rules}`,
    );
    const group = `ssm get-patch-baseline-for-patch-group --patch-group WebServers --operating-system DEBIAN`;
    if ((await aws(group)).BaselineId.startsWith('arn:')) {
      await aws(`ssm register-patch-baseline-for-patch-group --baseline-id ${BaselineId} --patch-group WebServers`);
    }

    const scan = await patch('Scan');
    expect(scan).toMatchObject({ Status: 'Success', PluginName: 'PatchLinux', ResponseCode: 0 });
    expect(scan.StandardOutputContent).toContain('NON_COMPLIANT');
    const missing = async () =>
      (await aws(`ssm describe-instance-patches --instance-id ${instanceId} --filters Key=State,Values=Missing`))
        .Patches;
    const before = (await missing()).map((each: { KBId: string }) => each.KBId);
    expect(before).toEqual(expect.arrayContaining(['pb-held.all', 'pb-automatic.all', 'pb-epoch.all']));
    const [state] = (await aws(`ssm describe-instance-patch-states --instance-ids ${instanceId}`)).InstancePatchStates;
    expect(state).toMatchObject({ PatchGroup: 'WebServers', Operation: 'Scan', MissingCount: before.length });

    const install = await patch('Install');
    expect(install.StandardOutputContent).toContain('pb-epoch');
    await patch('Scan');
    const after = await missing();
    expect(after).toHaveLength(1);
    expect(after[0]).toMatchObject({ KBId: 'pb-held.all', Title: expect.stringContaining('hold') });

    const simulated = (await root.run(['sh', '-c', 'apt-get update -qq && apt-get -s upgrade --with-new-pkgs'])).stdout;
    expect(simulated).not.toMatch(/^Inst pb-/m);
    expect((await root.run(['apt-mark', 'showauto'])).stdout.split('\n')).toContain('pb-automatic');
    expect((await root.run(['dpkg', '--audit'])).stdout).toBe('');
  });

  it('lists what was commanded', async () => {
    const { CommandInvocations } = await aws(`ssm list-command-invocations --instance-id ${instanceId} --details`);
    expect(CommandInvocations).toHaveLength(3);
    expect(CommandInvocations[0].CommandPlugins).toHaveLength(1);
  });
});
