import { describe, expect, it } from 'vitest';
import { describeUser } from './user.ts';

describe('a person in words', () => {
  const accountId = '123456789012';
  const person = { userName: 'ada', createdAt: '2026-11-22T00:00:00.000Z' };

  it('names each role with its limits', () => {
    expect(
      describeUser({
        ...person,
        bindings: [
          { accountId, role: 'auditor', tagLimits: [] },
          {
            accountId,
            role: 'operator',
            tagLimits: [
              { key: 'PatchGroup', values: ['web', 'cache'] },
              { key: 'Stage', values: ['test'] },
            ],
          },
        ],
      }),
    ).toEqual([
      'ada: auditor of 123456789012',
      'ada: operator of 123456789012, only what is tagged PatchGroup=web|cache and Stage=test',
    ]);
  });

  it('says that there is no role', () => {
    expect(describeUser({ ...person, bindings: [] })).toEqual(['ada: no role in any account']);
  });
});
