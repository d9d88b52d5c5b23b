import type { GroupOutcome } from '@patchbay/facts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executePlan } from '../../packages/agent/src/patcher/index.ts';
import { openPlanStage } from './plan-stage.ts';

let tools: Awaited<ReturnType<typeof openPlanStage>>;
const lines: string[] = [];

beforeAll(async () => {
  tools = await openPlanStage();
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

describe('a plan in a root that is thrown away where not all goes in', () => {
  it('is one transaction, and each of its groups is told', async () => {
    const names = ['pb-epoch', 'pb-independent'];
    const outcomes = await install((name) => names.includes(name));
    expect(namesOf(outcomes, 'installed').sort()).toEqual([...names].sort());
    expect(lines.filter((line) => line.startsWith('Installing '))).toEqual(['Installing 2 packages at once']);
    expect(lines.filter((line) => line === '  installed')).toHaveLength(2);
  });

  it('brings in the rest where one group fails, and says why that one did', async () => {
    const outcomes = await install(() => true);
    expect(lines).toContainEqual(expect.stringContaining('is tried one by one'));
    expect(namesOf(outcomes, 'failed')).toEqual(['pb-failing']);
    const failed = outcomes.find(({ status }) => status === 'failed');
    expect(failed?.reason).toContain('pb-failing cannot be configured');
    expect(namesOf(outcomes, 'installed')).toHaveLength(outcomes.length - 1);
    expect(namesOf(outcomes, 'skipped')).toEqual([]);
  });
});
