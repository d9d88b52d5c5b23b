import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../../packages/agent/src/machine/index.ts';
import { executePlan } from '../../packages/agent/src/patcher/index.ts';
import { openPlanStage } from './plan-stage.ts';

let tools: Awaited<ReturnType<typeof openPlanStage>>;

beforeAll(async () => {
  tools = await openPlanStage();
});

afterAll(async () => {
  await tools?.stage.close();
});

describe('a plan that is cut short', () => {
  it('goes on in its own session, is found again, and is not run twice', async () => {
    await tools.stage.archives.archives.security.publish({
      name: 'pb-undated',
      version: '1.0-1+deb12u9',
      scripts: { postinst: 'echo ran >>/var/pb-undated-ran; while [ ! -e /var/pb-undated-go ]; do sleep 0.1; done' },
    });
    const machine = await tools.openRoot('read-write');
    const prepared = await tools.prepare((name) => name === 'pb-undated');
    const { machine: _, now: __, report: ___, ...plain } = tools.requestFor(machine, prepared);
    const module = (name: string) => new URL(`../../packages/agent/src/${name}/index.ts`, import.meta.url).href;
    const program = `
      const { openMachine } = await import(${JSON.stringify(module('machine'))});
      const { executePlan } = await import(${JSON.stringify(module('patcher'))});
      const machine = await openMachine(${JSON.stringify({ root: tools.stage.root.directory, workDirectory: join(tools.stage.folder, 'work'), access: 'read-write' })});
      await executePlan({ ...${JSON.stringify(plain)}, machine, now: () => new Date(), report: () => {} });`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'inherit' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const ran = join(tools.stage.root.directory, 'var/pb-undated-ran');
    await expect.poll(() => existsSync(ran), { timeout: 60_000, interval: 50 }).toBe(true);
    child.kill('SIGKILL');
    await ended;
    expect(await tools.versionOf('pb-undated')).toContain('1.0-1+deb12u9');
    const finished = executePlan(tools.requestFor(machine, prepared));
    await tools.stage.root.writeFile('/var/pb-undated-go', '');
    expect(await finished).toMatchObject([{ status: 'installed' }]);
    expect(await readFile(ran, 'utf8')).toBe('ran\n');
    expect(await executePlan(tools.requestFor(machine, prepared))).toMatchObject([{ status: 'installed' }]);
    expect(await readFile(ran, 'utf8')).toBe('ran\n');
    await machine.close();
  });

  it('makes good what power loss cut short, half unpacked, and only once', async () => {
    await tools.stage.archives.archives.security.publish({ name: 'pb-undated', version: '1.0-1+deb12u10' });
    const machine = await tools.openRoot('read-write');
    const prepared = await tools.prepare((name) => name === 'pb-undated');
    let attempts = 0;
    /** dpkg unpacks, and then everything is gone. */
    const losing: Machine = {
      ...machine,
      run: async (command) => {
        if (command.uninterruptible === undefined || !command.argv.includes('install'))
          return await machine.run(command);
        attempts += 1;
        const archives = `${machine.workDirectory.inside}/cache/archives`;
        const script = `dpkg --unpack ${archives}/pb-undated_*.deb`;
        await machine.run({ argv: ['sh', '-c', script], timeoutSeconds: 60 });
        throw new Error('power loss');
      },
    };
    const lines: string[] = [];
    const report = (line: string) => lines.push(line);
    await expect(executePlan(tools.requestFor(losing, prepared))).rejects.toThrow('power loss');
    expect(await tools.versionOf('pb-undated')).toBe('1.0-1+deb12u10 unpacked');
    expect(await executePlan(tools.requestFor(machine, prepared, { report }))).toMatchObject([{ status: 'installed' }]);
    expect(lines.join('\n')).toContain('dpkg --configure -a');
    expect((await tools.stage.root.run(['dpkg', '--audit'])).stdout).toBe('');
    expect(attempts).toBe(1);
    await machine.close();
  });

  it('begins a group again that was begun and left no trace, once', async () => {
    const machine = await tools.openRoot('read-write');
    const prepared = await tools.prepare((name) => name === 'pb-epoch');
    const request = tools.requestFor(machine, prepared);
    await mkdir(request.runDirectory, { recursive: true });
    const at = new Date().toISOString();
    const begun = { kind: 'group-begun', group: 0, at };
    const first = { kind: 'plan-begun', planId: prepared.plan.planId, at, automatic: [] };
    const write = (...entries: object[]) =>
      writeFile(
        join(request.runDirectory, 'journal.jsonl'),
        `${entries.map((entry) => JSON.stringify(entry)).join('\n')}\n{"kind":"group-en`,
      );
    await write(first, begun, begun);
    const twice = await executePlan(request);
    expect(twice).toMatchObject([{ status: 'failed', reason: expect.stringContaining('pb-epoch is at 9.0-1') }]);
    await write(first, begun);
    const outcomes = await executePlan(request);
    expect(outcomes).toMatchObject([{ status: 'installed' }]);
    await tools.stage.root.run(['apt-get', 'install', '-y', '--allow-downgrades', 'pb-epoch=9.0-1']);
    await machine.close();
  });
});

describe('dpkg that is killed in one group', () => {
  const independent = ['pb-hidden', 'pb-stream'];

  it.each(['postinst', 'preinst'] as const)('in a %s lets the groups after it go in', async (script) => {
    const version = `1.0-1+deb12u20${script === 'postinst' ? '1' : '2'}`;
    const { security } = tools.stage.archives.archives;
    const dying = `if [ ! -e /var/killed-${script} ]; then : >/var/killed-${script}; kill -9 $PPID; sleep 60; fi`;
    await security.publish(
      { name: 'pb-delayed', version, scripts: { [script]: dying } },
      ...independent.map((name) => ({ name, version })),
    );
    const prepared = await tools.prepare((name) => name === 'pb-delayed' || independent.includes(name));
    expect(prepared.plan.groups.map(({ targets }) => targets.map(({ name }) => name))).toEqual([
      ['pb-delayed'],
      ...independent.map((name) => [name]),
    ]);
    const machine = await tools.openRoot('read-write');
    const outcomes = await executePlan(tools.requestFor(machine, prepared));
    // What was told of it stays, though it was made good for the others.
    expect(outcomes.map(({ status }) => status)).toEqual(['failed', 'installed', 'installed']);
    expect(outcomes[0]?.reason).toContain('dpkg exited unexpectedly');
    for (const name of ['pb-delayed', ...independent]) expect(await tools.versionOf(name)).toBe(`${version} installed`);
    expect((await tools.stage.root.run(['dpkg', '--audit'])).stdout).toBe('');
    expect((await tools.collect(machine, false)).facts.overlay).toMatchObject({ failures: [], unconfigured: [] });
    await machine.close();
  });

  it('in a preinst of the last group hinders no group of the next install', async () => {
    const { security } = tools.stage.archives.archives;
    const scripts = { preinst: 'kill -9 $PPID; sleep 60' };
    await security.publish({ name: 'pb-stream', version: '1.0-1+deb12u203', scripts });
    const machine = await tools.openRoot('read-write');
    const lost = await tools.prepare((name) => name === 'pb-stream');
    expect(await executePlan(tools.requestFor(machine, lost))).toMatchObject([{ status: 'failed' }]);
    const version = '1.0-1+deb12u204';
    await security.publish({ name: 'pb-delayed', version }, { name: 'pb-stream', version });
    const prepared = await tools.prepare((name) => name === 'pb-delayed' || name === 'pb-stream');
    const outcomes = await executePlan(tools.requestFor(machine, prepared));
    expect(outcomes).toMatchObject([
      { targets: [{ name: 'pb-delayed' }], status: 'installed' },
      { targets: [{ name: 'pb-stream' }], status: 'installed' },
    ]);
    expect((await tools.stage.root.run(['dpkg', '--audit'])).stdout).toBe('');
    await machine.close();
  });
});
