import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SystemdRoot, startSystemdRoot, unifiedControlGroups } from '../support/systemd-root.ts';
import { type PackageStage, servePackage, setPackageStage } from './package-stage.ts';

const idleLimitKibibytes = 80 * 1024;

// A real systemd, the first process of a namespace: what the unit and the maintainer scripts do with it.
describe.skipIf(unifiedControlGroups === null)('the package under systemd', () => {
  let stage: PackageStage<SystemdRoot>;
  let instanceId: string;

  beforeAll(async () => {
    stage = await setPackageStage(startSystemdRoot, { packages: ['systemd', 'systemd-sysv'] });
  });

  afterAll(() => stage?.close());

  const systemctl = async (...words: string[]) => (await stage.machine.run(['systemctl', ...words])).stdout.trim();

  const update = async () => await stage.command(instanceId, 'AWS-UpdateSSMAgent', '{}');

  it('is started by the enrolment, and needs at most 80 MiB', async () => {
    await servePackage(stage, '0.1.0');
    const enrolled = await stage.enrol();
    expect(enrolled).toMatchObject({ exitCode: 0 });
    ({ instanceId } = enrolled);
    await expect
      .poll(async () => await stage.aws('ssm describe-instance-information'), { timeout: 30_000 })
      .toMatchObject({ InstanceInformationList: [{ InstanceId: instanceId, PingStatus: 'Online' }] });
    const pid = await systemctl('show', '--property=MainPID', '--value', 'patchbay-agent');
    const rollup = (await stage.machine.run(['cat', `/proc/${pid}/smaps_rollup`])).stdout;
    expect(Number(/^Rss:\s+(\d+) kB/m.exec(rollup)?.[1])).toBeLessThan(idleLimitKibibytes);
  });

  it('is updated by a run that the restart of the unit does not end, and put back when that fails', async () => {
    const settings = join(stage.root.directory, 'etc/patchbay/agent.json');
    const written = JSON.parse(await readFile(settings, 'utf8')) as object;
    await writeFile(settings, JSON.stringify({ ...written, updateReportInSeconds: 20 }));
    await systemctl('restart', 'patchbay-agent');
    await servePackage(stage, '0.1.1');
    expect(await update()).toMatchObject({ Status: 'Success' });
    await servePackage(stage, '0.1.2', async (tree) => {
      await writeFile(join(tree, 'usr/lib/patchbay-agent/agent.mjs'), 'process.exit(1);\n');
    });
    const failed = await update();
    expect(failed).toMatchObject({ Status: 'Failed' });
    expect(failed.StandardErrorContent).toContain('0.1.1 is back and has reported in');
    expect((await stage.machine.run(['patchbay-agent', 'version'])).stdout.trim()).toBe('0.1.1');
    expect(await systemctl('--failed', '--no-legend')).toBe('');
  });

  it('leaves no unit behind when it is purged', async () => {
    expect(await stage.machine.run(['dpkg', '--purge', 'patchbay-agent'])).toMatchObject({ exitCode: 0 });
    expect(await systemctl('is-active', 'patchbay-agent')).toBe('inactive');
    expect(await systemctl('list-unit-files', '--no-legend', 'patchbay-agent.service')).toBe('');
    expect(await systemctl('--failed', '--no-legend')).toBe('');
  });
});
