import * as clientSsm from '@aws-sdk/client-ssm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ec2MessagesOperations, ssmAgentOperations } from '../agent-operations.ts';
import { ssmConstraints } from '../constraints/ssm.ts';
import { adaptService } from '../schema-adapter.ts';
import type { Shape, StructureShape } from '../shape.ts';
import { decodeJson } from './decode.ts';
import { encodeJson } from './encode.ts';

const shapes: readonly StructureShape[] = [
  ...adaptService(clientSsm, ssmConstraints).operations.values(),
  ...ssmAgentOperations.values(),
  ...ec2MessagesOperations.values(),
].flatMap(({ input, output }) => [input, output]);

const latestSecond = Date.UTC(9999, 0) / 1000;

/** Values of a shape as handlers see them. */
function valueOf(shape: Shape, depth = 0): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case 'structure':
      return structureValueOf(shape, depth);
    case 'list':
      return fc.array(valueOf(shape.element, depth + 1), { maxLength: 2 });
    case 'map':
      return fc.dictionary(fc.string({ maxLength: 4 }), valueOf(shape.value, depth + 1), {
        maxKeys: 2,
        noNullPrototype: true,
      });
    case 'string':
      return fc.string({ unit: 'grapheme', maxLength: 6 }).filter((text) => text.isWellFormed());
    case 'integer':
      return fc.integer();
    case 'long':
      return fc.maxSafeInteger();
    case 'float':
      return fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);
    case 'boolean':
      return fc.boolean();
    case 'timestamp':
      return fc.date({ min: new Date(0), max: new Date(latestSecond * 1000), noInvalidDate: true });
    case 'blob':
      return fc.uint8Array({ maxLength: 6 });
    case 'document':
      break;
  }
  return fc.jsonValue();
}

function structureValueOf(shape: StructureShape, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const members = depth > 6 ? [] : shape.members;
  if (shape.isUnion) {
    return fc.oneof(
      ...shape.members.map((one) => valueOf(one.shape, depth + 1).map((value) => ({ [one.name]: value }))),
    );
  }
  return fc.record(Object.fromEntries(members.map((one) => [one.name, valueOf(one.shape, depth + 1)])), {
    requiredKeys: [],
    noNullPrototype: true,
  });
}

describe('JSON', () => {
  it('reads back what it wrote, for every shape', () => {
    for (const shape of shapes) {
      fc.assert(
        fc.property(structureValueOf(shape, 0), (value) => {
          expect(decodeJson(shape, Buffer.from(encodeJson(shape, value)))).toEqual(value);
        }),
        { numRuns: 8 },
      );
    }
  });
});
