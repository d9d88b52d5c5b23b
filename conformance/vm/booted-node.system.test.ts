import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DescribeInstancePatchStatesCommand } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CommandOutcome } from '../support/patch-commands.ts';
import { debianRelease, debianSecurityRelease, startTestArchives, type TestArchives } from '../support/test-archive.ts';
import { testKeyringPath } from '../support/test-root.ts';
import { type EnrolledMachine, startEnrolledMachine } from './enrolled-machine.ts';
import { hostAddress, type VirtualMachine } from './virtual-machine.ts';

let node: EnrolledMachine;
let machine: VirtualMachine;

beforeAll(async () => {
  node = await startEnrolledMachine();
  ({ machine } = node);
}, 600_000);

afterAll(() => node?.close());

async function finish(commandId: string): Promise<CommandOutcome> {
  await node.awaitFinished(commandId);
  return await node.read(commandId, node.instanceId);
}

async function expectWholeMachine(): Promise<void> {
  expect(await machine.expect('dpkg --audit')).toBe('');
  expect(await machine.expect('systemctl --failed --no-legend')).toBe('');
}

// One machine for all: a boot in software emulation takes most of a minute. The tests build on each other.
describe('a Debian machine that boots, with the agent from its package', () => {
  it('patches its kernel and a library in use, reboots once through 194, and ends compliant', async () => {
    const before = await finish(await node.send('Scan'));
    expect(before, before.errors).toMatchObject({ status: 'Success', operations: 1, verdict: 'non-compliant' });
    const bootId = await machine.bootId();
    const runningKernel = await machine.expect('uname --kernel-release');
    // nginx maps the library that is about to be replaced.
    expect(await machine.expect('grep --count libssl /proc/$(cat /run/nginx.pid)/maps')).not.toBe('0');

    const install = await finish(await node.send('Install', { RebootOption: ['RebootIfNeeded'] }));
    expect(install, install.errors).toMatchObject({ status: 'Success', operations: 1, verdict: 'compliant' });
    expect(await machine.bootId()).not.toBe(bootId);
    expect(await machine.expect('uname --kernel-release')).not.toBe(runningKernel);
    await expectWholeMachine();
    expect(await machine.expect("journalctl --list-boots | grep --count '^ *-*[0-9]'")).toBe('2');
    // apt is the judge: nothing of what was approved is left.
    expect(
      await machine.expect(
        "apt-get update -qq; apt-get -s upgrade --with-new-pkgs | grep -c '^Inst.*Debian-Security' || true",
      ),
    ).toBe('0');

    const { InstancePatchStates } = await node.ssm.send(
      new DescribeInstancePatchStatesCommand({ InstanceIds: [node.instanceId] }),
    );
    expect(InstancePatchStates).toMatchObject([
      { Operation: 'Install', MissingCount: 0, FailedCount: 0, InstalledPendingRebootCount: 0 },
    ]);
  }, 1_500_000);

  describe('with updates from an archive of the test', () => {
    const releases = { main: debianRelease, security: debianSecurityRelease };
    const names = ['pb-vm-a', 'pb-vm-b', 'pb-vm-c'] as const;
    const slow = 'pb-vm-b';
    let archives: TestArchives<keyof typeof releases>;
    let round = 0;

    // As real archives are, these are hours old; and apt takes no Release file that is older than the one it has.
    const firstDate = Date.now() - 5 * 3_600_000;
    const date = () => new Date(firstDate + round * 600_000);

    /** The next version takes its time in the middle; `begun` is there from then on, and it happens once. */
    async function publishNext(pauseSeconds = 0): Promise<{ readonly version: string; readonly begun: string }> {
      round += 1;
      const version = `1.0-1+deb12u${round}`;
      const begun = `/var/lib/pb-vm-begun-${round}`;
      const postinst = `[ -e ${begun} ] || { touch ${begun}; sync; sleep ${pauseSeconds}; }`;
      await archives.archives.security.publish(
        ...names.map((name) => ({ name, version, ...(name === slow ? { scripts: { postinst } } : {}) })),
      );
      await archives.archives.security.present({ date: date() });
      return { version, begun };
    }

    async function awaitFile(path: string): Promise<void> {
      for (let looks = 0; looks < 300; looks += 1) {
        if ((await machine.run(`test -e ${path}`)).exitCode === 0) return;
        await wait(300);
      }
      throw new Error(`${path} does not appear`);
    }

    async function readVersions(): Promise<string[]> {
      const shown = await machine.expect(
        `dpkg-query --show --showformat='\${Status} \${Version}\\n' ${names.join(' ')}`,
      );
      return shown.split('\n');
    }

    beforeAll(async () => {
      archives = await startTestArchives(releases);
      await archives.archives.main.publish(...names.map((name) => ({ name, version: '1.0-1' })));
      for (const archive of Object.values(archives.archives)) await archive.present({ date: date() });
      const stanzas = Object.values(archives.archives).map((archive) => archive.sourcesStanza(testKeyringPath));
      const sources = join(node.folder, 'test.sources');
      const keyring = join(node.folder, 'test-archive.gpg');
      await writeFile(sources, stanzas.join('\n').replaceAll('127.0.0.1', hostAddress));
      await writeFile(keyring, archives.keyring);
      await machine.copyIn(keyring, testKeyringPath);
      await machine.expect('rm /etc/apt/sources.list');
      await machine.copyIn(sources, '/etc/apt/sources.list.d/test.sources');
      await machine.expect(`apt-get update -qq && apt-get install -qq --yes ${names.join(' ')}`);
    });

    afterAll(() => archives?.close());

    const setClock = async (minutesAhead: number) => {
      await machine.expect(`date --set "@${Math.round(Date.now() / 1000) + minutesAhead * 60}"`);
    };

    it('goes on with an install while its unit is restarted, and reports it once', async () => {
      const { version, begun } = await publishNext(30);
      const id = await node.send('Install');
      await awaitFile(begun);
      const scopes = await machine.expect(
        'for pid in $(pgrep --full "postinst configure|^apt-get .*install|--run /var"); do cat /proc/$pid/cgroup; done',
      );
      expect(new Set(scopes.split('\n').map((line) => line.replace(/run-r[0-9a-f]+/, 'run')))).toEqual(
        new Set(['0::/system.slice/run.scope']),
      );
      await machine.expect('systemctl restart patchbay-agent.service');
      const outcome = await finish(id);
      expect(outcome, outcome.errors).toMatchObject({ status: 'Success', operations: 1, verdict: 'compliant' });
      expect(outcome.output).toContain('COMPLIANT');
      expect(await readVersions()).toEqual(Array(3).fill(`install ok installed ${version}`));
      await expectWholeMachine();
    });

    describe('with a clock that is wrong', () => {
      afterEach(() => setClock(0));

      it.each([
        { minutesAhead: 10, words: 'ahead of' },
        { minutesAhead: -10, words: 'behind' },
      ])('scans and installs $minutesAhead minutes ahead, and says so', async ({ minutesAhead, words }) => {
        const { version } = await publishNext();
        await setClock(minutesAhead);
        const scan = await finish(await node.send('Scan'));
        expect(scan, scan.errors).toMatchObject({ status: 'Success', operations: 1, verdict: 'non-compliant' });
        expect(scan.errors).toContain(`the clock of this machine is 10 minutes ${words} the control plane's`);
        const install = await finish(await node.send('Install'));
        expect(install, install.errors).toMatchObject({ status: 'Success', operations: 1, verdict: 'compliant' });
        expect(await readVersions()).toEqual(Array(3).fill(`install ok installed ${version}`));
        await expectWholeMachine();
      });

      it('does not believe an archive from the future, and says that it may be the clock', async () => {
        await archives.archives.security.present({ date: new Date() });
        await setClock(-10);
        const scan = await finish(await node.send('Scan'));
        expect(scan, scan.output).toMatchObject({ status: 'Failed', operations: 1, verdict: 'unknown' });
        expect(scan.output).toMatch(/not valid yet.* \(the clock of this machine is 10 minutes behind/);
        await archives.archives.security.present({ date: date() });
      });
    });

    it('goes on by itself with an install that lost its power in the middle of a package, and reports it once', async () => {
      const { version, begun } = await publishNext(30);
      const id = await node.send('Install');
      await awaitFile(begun);
      await machine.cutPower();
      await machine.start();
      const outcome = await finish(id);
      expect(outcome, outcome.errors).toMatchObject({ status: 'Success', operations: 1, verdict: 'compliant' });
      expect(outcome.output).toContain('COMPLIANT');
      expect(await readVersions()).toEqual(Array(3).fill(`install ok installed ${version}`));
      await expectWholeMachine();
    });
  });
});
