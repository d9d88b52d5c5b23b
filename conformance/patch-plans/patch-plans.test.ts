import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetPatchPlan } from '@patchbay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PatchbayProcess, runPatchbay, startPatchbay } from '../support/patchbay-process.ts';
import { runTool } from '../support/run-tool.ts';
import { debianRelease, debianSecurityRelease, startTestArchives, type TestArchives } from '../support/test-archive.ts';
import { createTestRoot, prepareBaseRoot, type TestRoot } from '../support/test-root.ts';

// A plan by the commands that people type, with a real agent on a real root; apt judges what came of it.
const names = ['pb-stays', 'pb-moves', 'pb-revoked', 'pb-held', 'pb-needy'] as const;
const versionOf = { before: '1.0-1', planned: '1.0-1+deb12u1', later: '1.0-1+deb12u2' };

let folder: string;
let server: PatchbayProcess;
let agent: PatchbayProcess;
let archives: TestArchives<'main' | 'security'>;
let root: TestRoot;
let environment: string;
let instanceId: string;
let planId: string;
let baselineId: string;

async function aws(words: string) {
  const output = await runTool(['sh', '-c', `${environment}\naws ${words} --output json`]);
  return JSON.parse(output.trim() || '{}');
}

/** What a command printed as JSON, after whatever it told about its progress. */
async function patchbay(...words: string[]) {
  const { exitCode, output } = await runPatchbay([...words, '--data', join(folder, 'data'), '--output', 'json']);
  return { exitCode, output, json: () => JSON.parse(output.slice(output.indexOf('\n{') + 1)) as unknown };
}

async function installedVersion(name: string): Promise<string> {
  return (await root.run(['dpkg-query', '--show', '--showformat=${Version}', name])).stdout;
}

const nodeOf = (json: unknown) => {
  const [node] = GetPatchPlan.output.pick({ nodes: true }).parse(json).nodes;
  if (node === undefined) throw new Error('The plan has no node');
  return node;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patch-plans-'));
  server = startPatchbay(['up', '--data', join(folder, 'data'), '--port', '0']);
  const [, endpoint = ''] = await server.waitFor(/^ready (http:\/\/127\.0\.0\.1:\d+)$/m);
  environment = (await runPatchbay(['env', '--data', join(folder, 'data')])).output;
  archives = await startTestArchives({ main: debianRelease, security: debianSecurityRelease });
  const { main, security } = archives.archives;
  root = await createTestRoot({
    base: await prepareBaseRoot(),
    directory: join(folder, 'root'),
    archives: [main, security],
    keyring: archives.keyring,
  });
  await main.publish(...names.map((name) => ({ name, version: versionOf.before })));
  await root.install(...names);
  await root.run(['apt-mark', 'hold', 'pb-held']);
  await security.publish(
    { name: 'pb-library', version: '1.0-1' },
    ...names.map((name) => ({
      name,
      version: versionOf.planned,
      ...(name === 'pb-needy' ? { depends: 'pb-library' } : {}),
    })),
  );
  const rules = 'PatchRules=[{PatchFilterGroup={PatchFilters=[{Key=PRODUCT,Values=[Debian12]}]},ApproveAfterDays=0}]';
  const baseline = await aws(
    `ssm create-patch-baseline --name web --operating-system DEBIAN --approval-rules '${rules}'`,
  );
  baselineId = baseline.BaselineId;
  await aws(`ssm register-patch-baseline-for-patch-group --baseline-id ${baselineId} --patch-group web`);
  const activation = await aws("ssm create-activation --iam-role node --tags 'Key=PatchGroup,Value=web'");
  agent = startPatchbay([
    'agent',
    `--endpoint=${endpoint}`,
    '--region=us-east-1',
    `--activation-id=${activation.ActivationId}`,
    `--activation-code=${activation.ActivationCode}`,
    `--root=${root.directory}`,
    `--state=${join(folder, 'state')}`,
  ]);
  instanceId = (await agent.waitFor(/Online as (mi-[0-9a-f]{17})/))[1] ?? '';
});

afterAll(async () => {
  await agent?.end('SIGTERM');
  await server?.end('SIGTERM');
  await root?.remove();
  await archives?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a plan before the run', () => {
  it('shows what would change and what would not, and changes nothing', async () => {
    const made = await patchbay('plan', '--targets', 'Key=tag:PatchGroup,Values=web');
    expect(made.exitCode).toBe(0);
    const node = nodeOf(made.json());
    expect(node).toMatchObject({ instanceId, status: 'ready', reboot: { isExpected: false } });
    expect(node.changes.map(({ name, toVersion }) => `${name} ${toVersion}`).sort()).toEqual([
      'pb-library 1.0-1',
      ...['pb-moves', 'pb-needy', 'pb-revoked', 'pb-stays'].map((name) => `${name} ${versionOf.planned}`),
    ]);
    expect(node.changes.find(({ name }) => name === 'pb-stays')).toMatchObject({
      approvedBy: 'rule 1',
      classification: 'Security',
      archive: expect.stringContaining(archives.archives.security.uri),
    });
    expect(node.changes.find(({ name }) => name === 'pb-library')?.why).toBe('Comes along with pb-needy.');
    expect(node.leftOut).toMatchObject([{ name: 'pb-held', state: 'held', version: versionOf.planned }]);
    planId = /^Plan (\S+) is being made/m.exec(made.output)?.[1] ?? '';
    for (const name of names) expect(await installedVersion(name)).toBe(versionOf.before);

    const { output } = await runPatchbay(['plan', planId, '--data', join(folder, 'data')]);
    expect(output).toMatch(/upgrade, security +pb-stays\.all +1\.0-1 -> 1\.0-1\+deb12u1/);
    expect(output).toMatch(/held +pb-held\.all/);
    expect(output).toContain(`patchbay apply ${planId}`);
  });

  it('is carried out exactly, and stops what moved in words', async () => {
    await archives.archives.security.publish({ name: 'pb-moves', version: versionOf.later });
    await aws(
      `ssm update-patch-baseline --baseline-id ${baselineId} --rejected-patches pb-revoked --rejected-patches-action BLOCK`,
    );
    const { exitCode, output } = await runPatchbay(['apply', planId, '--data', join(folder, 'data')]);
    expect(output).toContain('installed: pb-stays 1.0-1+deb12u1');
    expect(output).toMatch(/stopped: pb-moves 1\.0-1\+deb12u1: The archive now offers pb-moves\.all 1\.0-1\+deb12u2/);
    expect(output).toMatch(/stopped: pb-revoked 1\.0-1\+deb12u1: .* since revision 2 of the baseline/);
    expect(exitCode).toBe(1);

    const versions = await Promise.all(names.map(async (name) => [name, await installedVersion(name)] as const));
    expect(Object.fromEntries(versions)).toEqual({
      'pb-stays': versionOf.planned,
      'pb-needy': versionOf.planned,
      'pb-moves': versionOf.before,
      'pb-revoked': versionOf.before,
      'pb-held': versionOf.before,
    });
    expect((await root.run(['dpkg', '--audit'])).stdout).toBe('');
    const left = await root.run(['sh', '-c', 'apt-get update -qq && apt-get -s upgrade --with-new-pkgs']);
    expect(left.stdout.match(/^Inst \S+/gm)?.sort()).toEqual(['Inst pb-moves', 'Inst pb-revoked']);
  });

  it('is carried out once', async () => {
    const { exitCode, output } = await runPatchbay(['apply', planId, '--data', join(folder, 'data')]);
    expect(output).toContain('carried out there already');
    expect(exitCode).toBe(2);
  });

  it('runs to its end where nothing moved', async () => {
    const made = await patchbay('plan', '--instance-ids', instanceId);
    expect(nodeOf(made.json()).changes).toMatchObject([{ name: 'pb-moves', toVersion: versionOf.later }]);
    const next = /^Plan (\S+) is being made/m.exec(made.output)?.[1] ?? '';
    const { exitCode, output } = await runPatchbay(['apply', next, '--data', join(folder, 'data')]);
    expect(output).toContain(`installed: pb-moves ${versionOf.later}`);
    expect(exitCode).toBe(0);
    expect(await installedVersion('pb-moves')).toBe(versionOf.later);
  });
});
