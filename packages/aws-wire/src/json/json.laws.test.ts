import * as clientSsm from '@aws-sdk/client-ssm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ec2MessagesOperations, ssmAgentOperations } from '../agent-operations.ts';
import { ssmConstraints } from '../constraints/ssm.ts';
import { adaptService } from '../schema-adapter.ts';
import type { StructureShape } from '../shape.ts';
import { structureValueOf } from '../values-of-shapes.arbitrary.ts';
import { decodeJson } from './decode.ts';
import { encodeJson } from './encode.ts';

const shapes: readonly StructureShape[] = [
  ...adaptService(clientSsm, ssmConstraints).operations.values(),
  ...ssmAgentOperations.values(),
  ...ec2MessagesOperations.values(),
].flatMap(({ input, output }) => [input, output]);

describe('JSON', () => {
  it('reads back what it wrote, for every shape', () => {
    for (const shape of shapes) {
      fc.assert(
        fc.property(structureValueOf(shape), (value) => {
          expect(decodeJson(shape, Buffer.from(encodeJson(shape, value)))).toEqual(value);
        }),
        { numRuns: 8 },
      );
    }
  });
});
