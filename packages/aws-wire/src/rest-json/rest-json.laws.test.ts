import * as clientImageBuilder from '@aws-sdk/client-imagebuilder';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageBuilderConstraints } from '../constraints/imagebuilder.ts';
import { encodeJson } from '../json/encode.ts';
import { adaptService } from '../schema-adapter.ts';
import type { OperationShape } from '../shape.ts';
import { sendByClient } from '../test-support/image-builder-client.ts';
import { structureValueOf } from '../values-of-shapes.arbitrary.ts';
import { decodeRest, type RestRequest } from './decode.ts';
import { encodeRestReply } from './reply.ts';
import { findRestOperation } from './route.ts';

const operations = [...adaptService(clientImageBuilder, imageBuilderConstraints).operations.values()];

/** Labels are what no client leaves out; the rest may be. */
function inputOf({ input }: OperationShape): fc.Arbitrary<Record<string, unknown>> {
  const labels = input.members.filter(({ httpLocation }) => httpLocation?.in === 'path').map(({ name }) => name);
  const label = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((text) => text.isWellFormed());
  return fc
    .tuple(structureValueOf(input), fc.record(Object.fromEntries(labels.map((name) => [name, label]))))
    .map(([members, labelled]) => ({ clientToken: 'x', ...members, ...labelled }));
}

/** An empty list cannot be told from none in a query. */
function asQuerySays({ input }: OperationShape, value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = input.members.filter(({ name, httpLocation }) => {
    const member = value[name];
    return member !== undefined && !(httpLocation?.in === 'query' && Array.isArray(member) && member.length === 0);
  });
  return Object.fromEntries(kept.map(({ name }) => [name, value[name]]));
}

describe('REST-JSON', () => {
  it('finds what the client calls, and reads what it says, for every operation', async () => {
    for (const operation of operations) {
      await fc.assert(
        fc.asyncProperty(inputOf(operation), async (input) => {
          const sent: RestRequest[] = [];
          await sendByClient(operation.name, input, (request) => {
            sent.push(request);
            return encodeRestReply('{}', 200, { requestId: 'x' });
          });
          const [request] = sent;
          if (request === undefined) throw new Error('The client sent nothing');
          expect(findRestOperation(operations, request)).toBe(operation);
          expect(decodeRest(operation, request)).toEqual(asQuerySays(operation, input));
        }),
        { numRuns: 8 },
      );
    }
  });

  it('says what the client reads, for every operation', async () => {
    for (const { name, input, output, http } of operations) {
      const labels = input.members.filter(({ httpLocation }) => httpLocation?.in === 'path');
      const least = Object.fromEntries(labels.map((member) => [member.name, 'x']));
      await fc.assert(
        fc.asyncProperty(structureValueOf(output), async (value) => {
          const reply = encodeRestReply(encodeJson(output, value), http?.statusCode ?? 0, { requestId: 'id' });
          const { $metadata, ...read } = (await sendByClient(name, least, () => reply)) as Record<string, unknown>;
          expect(read).toEqual(value);
          expect($metadata).toMatchObject({ httpStatusCode: 200, requestId: 'id' });
        }),
        { numRuns: 4 },
      );
    }
  });
});
