import { describe, expect, it } from 'vitest';
import { readByteRange } from './byte-range.ts';

describe('a Range header for 100 bytes', () => {
  it.each([
    ['bytes=0-9', { first: 0, last: 9 }],
    ['bytes=90-', { first: 90, last: 99 }],
    ['bytes=-10', { first: 90, last: 99 }],
    ['bytes=-1000', { first: 0, last: 99 }],
    ['bytes=95-1000', { first: 95, last: 99 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    [undefined, 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=9-0', 'whole'],
    ['bytes=0-1,5-6', 'whole'],
    ['lines=0-9', 'whole'],
  ] as const)('%s means %j', (header, expected) => {
    expect(readByteRange(header, 100)).toEqual(expected);
  });
});
