import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runPatchbay } from '../support/patchbay-process.ts';
import { type Supervised, startRunningRoot } from '../support/running-root.ts';
import { type PackageStage, servePackage, setPackageStage } from './package-stage.ts';

// The package as people get it: the printed line in a root shell of a real Debian, with a supervisor in place of systemd.
let stage: PackageStage;
let agent: Supervised;
let instanceId: string;

beforeAll(async () => {
  stage = await setPackageStage(startRunningRoot);
});

afterAll(() => stage?.close());

const command = (document: string, parameters: string) => stage.command(instanceId, document, parameters);

async function installedVersion(): Promise<string> {
  return (await stage.machine.run(['dpkg-query', '--show', '--showformat=${Version}', 'patchbay-agent'])).stdout;
}

async function reportedNode(): Promise<unknown> {
  const { InstanceInformationList } = await stage.aws<{ InstanceInformationList: unknown[] }>(
    'ssm describe-instance-information',
  );
  return InstanceInformationList.length === 1 ? InstanceInformationList[0] : InstanceInformationList;
}

describe('one line in a root shell', () => {
  it('installs the package from the control plane and enrols the machine', async () => {
    await servePackage(stage, '0.1.0');
    const enrolled = await stage.enrol('--name', 'web-1', '--tag', 'PatchGroup=WebServers');
    expect(enrolled).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Enrolled as mi-') });
    ({ instanceId } = enrolled);
    expect((await stage.machine.run(['dpkg', '--audit'])).stdout).toBe('');
    expect((await stage.machine.run(['dpkg', '--verify', 'patchbay-agent'])).stdout).toBe('');
    expect((await stage.machine.run(['patchbay-agent', 'version'])).stdout.trim()).toBe('0.1.0');
    expect((await stage.machine.run(['patchbay-agent', 'status'])).exitCode).toBe(3);
    expect((await stat(join(stage.root.directory, 'var/lib/patchbay-agent'))).mode & 0o777).toBe(0o700);
  });

  it('does not install what is not the file that the line names', async () => {
    const served = join(stage.data, 'agent-packages/patchbay-agent_0.1.0_amd64.deb');
    const genuine = await readFile(served);
    const { output } = await runPatchbay(['enrol-line', '--data', stage.data]);
    await writeFile(served, Buffer.concat([genuine, Buffer.from('!')]));
    const line = output.split('\n').find((each) => each.startsWith('printf')) ?? '';
    const result = await stage.machine.run(['sh', '-c', line]);
    await writeFile(served, genuine);
    expect(result).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('did NOT match') });
  });

  it('makes a node that scans', async () => {
    const settings = join(stage.root.directory, 'etc/patchbay/agent.json');
    const written = JSON.parse(await readFile(settings, 'utf8')) as object;
    expect(written).toEqual({ endpoint: stage.endpoint, region: 'us-east-1' });
    await writeFile(settings, JSON.stringify({ ...written, updateReportInSeconds: 20 }));
    agent = stage.machine.supervise(['patchbay-agent', 'run']);
    await expect
      .poll(reportedNode, { timeout: 30_000 })
      .toMatchObject({ InstanceId: instanceId, PingStatus: 'Online', AgentVersion: '0.1.0', Name: 'web-1' });
    const scan = await command('AWS-RunPatchBaseline', 'Operation=Scan');
    expect(scan).toMatchObject({ Status: 'Success', StandardOutputContent: expect.stringContaining('NON_COMPLIANT') });
    const status = await stage.machine.run(['patchbay-agent', 'status']);
    expect(status).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(instanceId) });
  });
});

describe('the same line pasted again', () => {
  it('changes nothing while the agent runs', async () => {
    expect(await stage.enrol()).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`Enrolled as ${instanceId} already`),
    });
  });
});

describe('AWS-UpdateSSMAgent', () => {
  it('has nothing to do where the newest version is in place', async () => {
    const update = await command('AWS-UpdateSSMAgent', '{}');
    expect(update).toMatchObject({ Status: 'Success', StandardOutputContent: expect.stringContaining('in place') });
  });

  it('installs the newest version, which reports its own result', async () => {
    await servePackage(stage, '0.1.1');
    const update = await command('AWS-UpdateSSMAgent', '{}');
    expect(update).toMatchObject({
      Status: 'Success',
      StandardOutputContent: expect.stringContaining('updated from 0.1.0 to 0.1.1'),
    });
    expect(await installedVersion()).toBe('0.1.1');
    expect(await reportedNode()).toMatchObject({ InstanceId: instanceId, AgentVersion: '0.1.1' });
  });

  it('puts the old version back when the new one does not come up, and reports that once', async () => {
    await servePackage(stage, '0.1.2', async (tree) => {
      await writeFile(join(tree, 'usr/lib/patchbay-agent/agent.mjs'), 'process.exit(1);\n');
    });
    const update = await command('AWS-UpdateSSMAgent', '{}');
    expect(update).toMatchObject({ Status: 'Failed' });
    expect(update.StandardErrorContent).toContain('0.1.2 did not report in within 20 seconds: putting 0.1.1 back');
    expect(update.StandardErrorContent).toContain('0.1.1 is back and has reported in');
    expect(agent.output().match(/ended: Failed/g)).toHaveLength(1);
    expect(await installedVersion()).toBe('0.1.1');
    expect((await stage.machine.run(['dpkg', '--audit'])).stdout).toBe('');
  });

  it('puts the old version back when the new one cannot even be installed', async () => {
    await servePackage(stage, '0.1.3', async (tree) => {
      await writeFile(join(tree, 'DEBIAN/postinst'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    });
    const update = await command('AWS-UpdateSSMAgent', '{}');
    expect(update).toMatchObject({ Status: 'Failed' });
    expect(update.StandardErrorContent).toContain('0.1.3 could not be installed: putting 0.1.1 back');
    expect(update.StandardErrorContent).toContain('0.1.1 is back and has reported in');
    expect(await installedVersion()).toBe('0.1.1');
    expect((await stage.machine.run(['dpkg', '--audit'])).stdout).toBe('');
  });

  it('goes back to an older version only where that was allowed', async () => {
    const refused = await command('AWS-UpdateSSMAgent', 'version=0.1.0');
    expect(refused).toMatchObject({
      Status: 'Failed',
      StandardErrorContent: expect.stringContaining('allowDowngrade'),
    });
    const allowed = await command('AWS-UpdateSSMAgent', 'version=0.1.0,allowDowngrade=true');
    expect(allowed).toMatchObject({ Status: 'Success' });
    expect(await installedVersion()).toBe('0.1.0');
  });

  it('installs nothing that another key than the pinned one vouches for', async () => {
    const directory = join(stage.data, 'agent-packages');
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const sums = `${'0'.repeat(64)}  patchbay-agent_0.1.1_amd64.deb\n`;
    await writeFile(
      join(directory, 'release-key.pub'),
      publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    );
    await writeFile(join(directory, 'SHA256SUMS'), sums);
    await writeFile(join(directory, 'SHA256SUMS.sig'), sign(null, Buffer.from(sums), privateKey).toString('base64'));
    const update = await command('AWS-UpdateSSMAgent', 'version=0.1.1');
    for (const name of ['release-key.pub', 'SHA256SUMS', 'SHA256SUMS.sig']) await rm(join(directory, name));
    expect(update).toMatchObject({ Status: 'Failed', StandardErrorContent: expect.stringContaining('not signed') });
    expect(await installedVersion()).toBe('0.1.0');
  });
});

describe('removing the package', () => {
  it('leaves the enrolment, and purging it leaves only what the owner wrote', async () => {
    const inRoot = (path: string) => join(stage.root.directory, path);
    await agent.stop();
    await writeFile(inRoot('etc/patchbay/policy.json'), '{"mode":"patch-only"}\n');
    expect(await stage.machine.run(['dpkg', '--remove', 'patchbay-agent'])).toMatchObject({ exitCode: 0 });
    expect(existsSync(inRoot('var/lib/patchbay-agent/identity.json'))).toBe(true);
    expect(existsSync(inRoot('usr/lib/patchbay-agent'))).toBe(false);
    expect(await stage.machine.run(['dpkg', '--purge', 'patchbay-agent'])).toMatchObject({ exitCode: 0 });
    expect(existsSync(inRoot('var/lib/patchbay-agent'))).toBe(false);
    expect(existsSync(inRoot('etc/patchbay/agent.json'))).toBe(false);
    expect(existsSync(inRoot('etc/patchbay/policy.json'))).toBe(true);
  });
});
