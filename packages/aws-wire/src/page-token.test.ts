import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decodePageToken, encodePageToken, type PageTokenBinding } from './page-token.ts';

const binding: PageTokenBinding = {
  key: new Uint8Array(32).fill(7),
  operation: 'ssm:DescribePatchBaselines',
  filters: { accountId: '1', filters: [{ key: 'OWNER', values: ['Self'] }] },
};
const Position = z.object({ after: z.string() });

describe('page tokens', () => {
  it('carry any position back', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (position) => {
        const token = encodePageToken(binding, position);
        expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
        const back = decodePageToken(binding, token, z.unknown());
        expect(back).toEqual({ status: 'valid', position: JSON.parse(JSON.stringify(position)) });
      }),
    );
  });

  it('are foreign to another operation, filter or key', () => {
    const token = encodePageToken(binding, { after: 'pb-1' });
    const foreign = { status: 'invalid', reason: 'foreign' };
    expect(decodePageToken({ ...binding, operation: 'ssm:ListCommands' }, token, Position)).toEqual(foreign);
    expect(decodePageToken({ ...binding, filters: {} }, token, Position)).toEqual(foreign);
    expect(decodePageToken({ ...binding, key: new Uint8Array(32) }, token, Position)).toEqual(foreign);
  });

  it('do not care for the order of filter members', () => {
    const reordered = { filters: [{ values: ['Self'], key: 'OWNER' }], accountId: '1', extra: undefined };
    const token = encodePageToken(binding, { after: 'pb-1' });
    expect(decodePageToken({ ...binding, filters: reordered }, token, Position).status).toBe('valid');
  });

  it('are refused after any character has changed', () => {
    const token = encodePageToken(binding, { after: 'pb-1' });
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom('A', 'b', '0', '-', '=', ' '), (at, character) => {
        fc.pre(token[at] !== character);
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        expect(decodePageToken(binding, changed, Position).status).toBe('invalid');
      }),
    );
  });

  it('are malformed when they are no tokens or hold another kind of position', () => {
    const malformed = { status: 'invalid', reason: 'malformed' };
    for (const token of ['', 'abc', '!!!', 'AQ']) expect(decodePageToken(binding, token, Position)).toEqual(malformed);
    expect(decodePageToken(binding, encodePageToken(binding, { before: 1 }), Position)).toEqual(malformed);
  });
});
