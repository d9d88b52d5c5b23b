import { describe, expect, it } from 'vitest';
import { integer, listOf, mapOf, structure, text, timestamp } from '../shape-definition.ts';
import { EncodeError, encodeJson, encodeStructure } from './encode.ts';

const shape = structure('Reply', {
  KBId: text(),
  Count: integer(),
  CreatedDate: timestamp(),
  Items: listOf(structure('Item', { Id: text() })),
  Tags: mapOf(text()),
  Payload: { kind: 'blob' },
});

describe('encodeJson', () => {
  it('spells members as the schema does and times as numbers', () => {
    const value = {
      kbId: 'KB1',
      createdDate: new Date(1_700_000_000_123),
      items: [{ id: 'a' }],
      tags: { 'Patch Group': 'x' },
      payload: Uint8Array.of(1, 2),
    };
    expect(encodeJson(shape, value)).toBe(
      '{"KBId":"KB1","CreatedDate":1700000000.123,"Items":[{"Id":"a"}],"Tags":{"Patch Group":"x"},"Payload":"AQI="}',
    );
  });

  it('leaves out what is absent and what the schema does not name', () => {
    expect(encodeStructure(shape, { kbId: undefined, count: null, secret: 'x', items: [] })).toEqual({ Items: [] });
    expect(encodeStructure(shape, { tags: { a: undefined } })).toEqual({ Tags: {} });
  });

  it.each([
    [{ kbId: 3 }, "'kbId' is a number, not a string"],
    [{ count: 1.5 }, "'count' is a number, not a integer"],
    [{ createdDate: 5 }, "'createdDate' is a number, not a timestamp"],
    [{ createdDate: new Date(Number.NaN) }, "'createdDate' is a object, not a timestamp"],
    [{ items: [{ id: 1 }] }, "'items.1.member.id' is a number, not a string"],
    [{ items: {} }, "'items' is a object, not a list"],
    [{ tags: [] }, "'tags' is a object, not a map"],
  ])('refuses %j as a fault of ours', (value, message) => {
    expect(() => encodeJson(shape, value)).toThrow(EncodeError);
    expect(() => encodeJson(shape, value)).toThrow(message);
  });
});
