import { describe, expect, it } from 'vitest';
import { AwsError } from '../errors.ts';
import type { Shape, StructureShape } from '../shape.ts';
import {
  defineOperationShape,
  integer,
  listOf,
  mapOf,
  structure,
  text,
  timestamp,
  truth,
} from '../shape-definition.ts';
import { decodeInput, decodeJson } from './decode.ts';

const rule = structure('Rule', { Level: text(), 'Days!': integer({ min: 0 }) });
const everything = structure('Everything', {
  InstanceId: text(),
  KBId: text(),
  CVEIds: listOf(text()),
  IPAddress: text(),
  Count: integer(),
  Size: { kind: 'long' },
  Ratio: { kind: 'float' },
  Enabled: truth(),
  At: timestamp(),
  Payload: { kind: 'blob' },
  Any: { kind: 'document' },
  Rules: listOf(rule),
  Tags: mapOf(text()),
  ByName: mapOf(rule),
});

function decode(body: string | Uint8Array, shape: StructureShape = everything): Record<string, unknown> {
  return decodeJson(shape, typeof body === 'string' ? Buffer.from(body) : body);
}

function refusal(body: string | Uint8Array, shape: StructureShape = everything): { code: string; message: string } {
  try {
    decode(body, shape);
  } catch (error) {
    if (error instanceof AwsError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'decoded', message: '' };
}

describe('decodeJson', () => {
  it('takes an empty body for an empty object', () => {
    expect(decode('')).toEqual({});
    expect(decode('{}')).toEqual({});
  });

  it('lowers leading capitals of members and leaves map keys alone', () => {
    expect(
      decode('{"InstanceId":"a","KBId":"b","CVEIds":["c"],"IPAddress":"d","Tags":{"Patch Group":"e","KBId":"f"}}'),
    ).toEqual({ instanceId: 'a', kbId: 'b', cveIds: ['c'], ipAddress: 'd', tags: { 'Patch Group': 'e', KBId: 'f' } });
  });

  it('drops unknown members and takes null for absent', () => {
    expect(decode('{"Other":1,"instanceId":"lower","InstanceId":null,"Rules":[{"Days":1,"X":2}]}')).toEqual({
      rules: [{ days: 1 }],
    });
  });

  it('decodes times, bytes and documents', () => {
    const expected = new Date('2026-12-31T12:00:00.250Z');
    expect(decode('{"At":1798718400.25}').at).toEqual(expected);
    expect(decode('{"At":"2026-12-31T12:00:00.25Z"}').at).toEqual(expected);
    expect(decode('{"At":"2026-12-31T14:00:00.25+02:00"}').at).toEqual(expected);
    expect(decode('{"Payload":"AQI="}').payload).toEqual(Uint8Array.of(1, 2));
    expect(decode('{"Payload":"AQI"}').payload).toEqual(Uint8Array.of(1, 2));
    expect(decode('{"Any":{"KBId":[1,null]}}').any).toEqual({ KBId: [1, null] });
  });

  it('keeps the keys that every object inherits apart from it', () => {
    const decoded = decode('{"Tags":{"__proto__":"a","constructor":"b"}}');
    expect(Object.entries(decoded.tags ?? {})).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    expect(decode('{"__proto__":{"InstanceId":"x"}}')).toEqual({});
    expect(decode('{}', structure('S', { constructor: text() }))).toEqual({});
  });

  it.each([
    ['[]', 'Start of list found where not expected'],
    ['"x"', 'STRING_VALUE cannot be converted to Structure'],
    ['null', 'NULL_VALUE cannot be converted to Structure'],
    ['{"InstanceId":3}', "NUMBER_VALUE cannot be converted to String at 'instanceId'"],
    ['{"InstanceId":true}', "TRUE_VALUE cannot be converted to String at 'instanceId'"],
    ['{"InstanceId":{}}', "Start of structure or map found where not expected at 'instanceId'"],
    ['{"CVEIds":"x"}', "STRING_VALUE cannot be converted to List at 'cveIds'"],
    ['{"CVEIds":["a",1]}', "NUMBER_VALUE cannot be converted to String at 'cveIds.2'"],
    ['{"CVEIds":[null]}', "NULL_VALUE cannot be converted to String at 'cveIds.1'"],
    ['{"Rules":[{"Days":1},{"Days":"1"}]}', "STRING_VALUE cannot be converted to Integer at 'rules.2.member.days'"],
    ['{"Count":1.5}', "NUMBER_VALUE cannot be converted to Integer at 'count'"],
    ['{"Count":2147483648}', "NUMBER_VALUE cannot be converted to Integer at 'count'"],
    ['{"Size":9007199254740993}', "NUMBER_VALUE cannot be converted to Long at 'size'"],
    ['{"Ratio":1e999}', "NUMBER_VALUE cannot be converted to Float at 'ratio'"],
    ['{"Enabled":"true"}', "STRING_VALUE cannot be converted to Boolean at 'enabled'"],
    ['{"At":"tomorrow"}', "STRING_VALUE can not be converted to milliseconds since epoch at 'at'"],
    ['{"At":"2026-12-31"}', "STRING_VALUE can not be converted to milliseconds since epoch at 'at'"],
    ['{"At":1e20}', "NUMBER_VALUE can not be converted to milliseconds since epoch at 'at'"],
    ['{"Payload":"@"}', "STRING_VALUE is not valid base64 at 'payload'"],
    ['{"Tags":[]}', "Start of list found where not expected at 'tags'"],
    ['{"Tags":{"a":1}}', "NUMBER_VALUE cannot be converted to String at 'tags.a'"],
    ['{"ByName":{"a":{"Days":true}}}', "TRUE_VALUE cannot be converted to Integer at 'byName.a.member.days'"],
    ['{', 'The request body is not valid JSON in UTF-8.'],
  ])('refuses %s', (body, message) => {
    expect(refusal(body)).toEqual({ code: 'SerializationException', message });
  });

  it('refuses a body that is not UTF-8', () => {
    expect(refusal(Buffer.from('{"InstanceId":"\xff"}', 'latin1')).code).toBe('SerializationException');
  });

  it('refuses a union with none or two of its members', () => {
    const union: StructureShape = { ...structure('Either', { A: text(), B: text() }), isUnion: true };
    const shape = structure('Holder', { Either: union });
    expect(decode('{"Either":{"A":"x"}}', shape)).toEqual({ either: { a: 'x' } });
    expect(refusal('{"Either":{"A":"x","B":"y"}}', shape).code).toBe('SerializationException');
    expect(refusal('{"Either":{}}', shape).code).toBe('SerializationException');
  });

  it('stops at a depth that no honest request has', () => {
    const members: StructureShape['members'] = [];
    const tree: StructureShape = { kind: 'structure', name: 'Tree', isUnion: false, members };
    const child: Shape = tree;
    Object.assign(members, [
      { name: 'child', wireName: 'Child', required: false, idempotencyToken: false, shape: child },
    ]);
    expect(refusal(`${'{"Child":'.repeat(50_000)}{}${'}'.repeat(50_000)}`, tree).message).toMatch(
      'nests deeper than 64',
    );
  });
});

describe('decodeInput', () => {
  it('says of all that is wrong at once', () => {
    const operation = defineOperationShape('Make', { 'Name!': text({ min: 3 }), Rules: listOf(rule) }, {});
    expect(() => decodeInput(operation, Buffer.from('{"Name":"ab","Rules":[{}]}'))).toThrow(
      "2 validation errors detected: Value 'ab' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 3; Value null at 'rules.1.member.days' failed to satisfy constraint: Member must not be null",
    );
    expect(decodeInput(operation, Buffer.from('{"Name":"abc"}'))).toEqual({ name: 'abc' });
  });
});
