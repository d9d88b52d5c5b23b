import type { GroupOutcome } from '@patchbay/facts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executePlan } from '../../packages/agent/src/patcher/index.ts';
import { type HardCase, testPackage } from '../support/test-packages.ts';
import { openPlanStage } from './plan-stage.ts';

let tools: Awaited<ReturnType<typeof openPlanStage>>;
const lines: string[] = [];

beforeAll(async () => {
  tools = await openPlanStage(undefined, [unpackable]);
});
afterAll(async () => {
  await tools?.stage.close();
});

async function install(isWanted: (name: string) => boolean): Promise<GroupOutcome[]> {
  lines.length = 0;
  const machine = await tools.openRoot('read-write');
  try {
    const prepared = await tools.prepare(isWanted);
    const report = (line: string) => lines.push(line);
    return await executePlan(tools.requestFor(machine, prepared, { isDisposable: true, report }));
  } finally {
    await machine.close();
  }
}

const namesOf = (outcomes: readonly GroupOutcome[], status: string) =>
  outcomes.filter((each) => each.status === status).flatMap(({ targets }) => targets.map(({ name }) => name));

const unpackable: HardCase = {
  name: 'failing preinst',
  reason: 'It cannot even be unpacked: failed, and whatever else goes in is configured.',
  before: { main: [testPackage('pb-unpackable', '1.0-1'), testPackage('pb-zebra', '1.0-1')] },
  installs: ['pb-unpackable', 'pb-zebra'],
  after: [
    {
      security: [
        testPackage('pb-unpackable', '1.0-1+deb12u1', {
          scripts: { preinst: 'echo "pb-unpackable cannot be unpacked" >&2\nexit 1' },
        }),
        testPackage('pb-zebra', '1.0-1+deb12u1'),
      ],
    },
  ],
  expected: {},
};

describe('a plan in a root that is thrown away where not all goes in', () => {
  it('is one transaction, and each of its groups is told', async () => {
    const names = ['pb-epoch', 'pb-independent'];
    const outcomes = await install((name) => names.includes(name));
    expect(namesOf(outcomes, 'installed').sort()).toEqual([...names].sort());
    expect(lines.filter((line) => line.startsWith('Installing '))).toEqual(['Installing 2 packages at once']);
    expect(lines.filter((line) => line === '  installed')).toHaveLength(2);
  });

  it('brings in the rest where one cannot be unpacked, and leaves nothing of it half done', async () => {
    const names = ['pb-unpackable', 'pb-zebra', 'pb-automatic', 'pb-stream'];
    const outcomes = await install((name) => names.includes(name));
    expect(namesOf(outcomes, 'failed')).toEqual(['pb-unpackable']);
    expect(outcomes.find(({ status }) => status === 'failed')?.reason).toContain('pb-unpackable cannot be unpacked');
    expect(namesOf(outcomes, 'installed').sort()).toEqual(names.slice(1).sort());
    expect((await tools.stage.root.run(['dpkg', '--audit'])).stdout).toBe('');
  });

  it('brings in the rest where one group fails, and says why that one did', async () => {
    const outcomes = await install((name) => name !== 'pb-unpackable');
    expect(lines).toContainEqual(expect.stringContaining('is tried one by one'));
    expect(namesOf(outcomes, 'failed')).toEqual(['pb-failing']);
    const failed = outcomes.find(({ targets }) => targets[0]?.name === 'pb-failing');
    expect(failed?.reason).toContain('pb-failing cannot be configured');
    expect(namesOf(outcomes, 'installed')).toHaveLength(outcomes.length - 1);
    expect(namesOf(outcomes, 'skipped')).toEqual([]);
  });
});
