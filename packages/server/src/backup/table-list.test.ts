import { describe, expect, it } from 'vitest';
import { orderByReference } from './table-list.ts';

const tables = (...names: string[]) => names.map((name) => ({ name }));

describe('the order of tables', () => {
  it('has no table before one that it refers to', () => {
    const references = [
      { name: 'a', target: 'b' },
      { name: 'b', target: 'c' },
      { name: 'd', target: 'elsewhere' },
    ];
    expect(orderByReference(tables('a', 'b', 'c', 'd'), references).map(({ name }) => name)).toEqual([
      'c',
      'd',
      'b',
      'a',
    ]);
  });

  it('does not exist in a circle', () => {
    const references = [
      { name: 'a', target: 'b' },
      { name: 'b', target: 'a' },
    ];
    expect(() => orderByReference(tables('a', 'b'), references)).toThrow('circle');
  });
});
