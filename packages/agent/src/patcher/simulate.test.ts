import type { Target } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { type Attempt, narrowDown } from './simulate.ts';

function target(name: string): Target {
  return { name, architecture: 'amd64', version: '2' };
}

/** A package manager that takes a set only when the rule finds nothing wrong with it. */
function packageManager(findProblem: (names: readonly string[]) => string | null) {
  const questions: string[][] = [];
  const attempt = async (targets: readonly Target[]): Promise<Attempt> => {
    const names = targets.map(({ name }) => name);
    questions.push(names);
    const problem = findProblem(names);
    if (problem === null) {
      const changes = names.map((name) => ({
        action: 'upgrade' as const,
        name,
        architecture: 'amd64',
        fromVersion: '1',
        toVersion: '2',
        origins: '',
      }));
      return { ok: true, changes };
    }
    return { ok: false, named: [], refuse: (one) => ({ ...one, reason: 'dependency-blocked', detail: problem }) };
  };
  return { attempt, questions };
}

const namesOf = (targets: readonly Target[]): string[] => targets.map(({ name }) => name).sort();
const ownSource = ({ name }: Target): string => name;

describe('narrowDown', () => {
  it('asks once where everything goes', async () => {
    const { attempt, questions } = packageManager(() => null);
    const found = await narrowDown(['a', 'b', 'c'].map(target), ownSource, attempt);
    expect(namesOf(found.accepted)).toEqual(['a', 'b', 'c']);
    expect(questions).toHaveLength(1);
  });

  it('finds the few bad ones among many without asking for each', async () => {
    const all = Array.from({ length: 64 }, (_, index) => target(`p${index}`));
    const { attempt, questions } = packageManager((names) => (names.includes('p17') ? 'p17 is bad' : null));
    const found = await narrowDown(all, ownSource, attempt);
    expect(found.accepted).toHaveLength(63);
    expect(found.changes).toHaveLength(63);
    expect(found.refused).toEqual([{ ...target('p17'), reason: 'dependency-blocked', detail: 'p17 is bad' }]);
    expect(questions.length).toBeLessThan(32);
  });

  it('keeps the packages of one source together', async () => {
    const { attempt } = packageManager((names) => {
      if (names.includes('bad')) return 'bad';
      return names.includes('lib') === names.includes('tool') ? null : 'they need each other';
    });
    const found = await narrowDown(
      ['lib', 'bad', 'tool'].map(target),
      ({ name }) => (name === 'bad' ? 'bad' : 'src'),
      attempt,
    );
    expect(namesOf(found.accepted)).toEqual(['lib', 'tool']);
  });

  it('takes what needs something that another half brought', async () => {
    const { attempt } = packageManager((names) => {
      if (names.includes('bad')) return 'bad';
      return names.includes('needy') && !names.includes('giver') ? 'needy needs giver' : null;
    });
    const found = await narrowDown(['needy', 'x', 'giver', 'bad'].map(target), ownSource, attempt);
    expect(namesOf(found.accepted)).toEqual(['giver', 'needy', 'x']);
    expect(namesOf(found.refused)).toEqual(['bad']);
  });

  it('lets whoever comes first stay where two exclude each other', async () => {
    const { attempt } = packageManager((names) => (names.includes('a') && names.includes('b') ? 'both' : null));
    const found = await narrowDown(['a', 'b'].map(target), ownSource, attempt);
    expect(namesOf(found.accepted)).toEqual(['a']);
    expect(namesOf(found.refused)).toEqual(['b']);
  });
});
