import { type HttpBinding, type StructureShape, signRequest, signRoleTokenRequest } from '@patchbay/aws-wire';
import { contentDigest } from '@patchbay/facts/digest';
import * as fc from 'fast-check';
import { z } from 'zod';
import { services } from '../../packages/server/src/app.ts';
import { type PathCall, pathCallOf } from '../../packages/server/src/test-support/path-call.ts';
import { jsonHeadersFor } from '../../packages/server/src/test-support/send-request.ts';
import { changedExample } from './changed-example.ts';
import type { LearnedTexts } from './learned-texts.ts';
import { type Mutation, mutations, toBytes } from './mutations.ts';
import type { Scene } from './scene.ts';
import { type KnownTexts, shapedJson } from './shaped-json.ts';
import type { FuzzedServer } from './start-fuzzed-server.ts';

/** A call before it is signed: what does not change from one run with a seed to the next. */
export interface PlannedRequest {
  readonly target: string;
  readonly service: string;
  readonly caller: 'administrator' | 'node';
  /** Whether the node signs with its own key instead of its credentials. */
  readonly isSignedByKey: boolean;
  readonly body: string;
  /** What is done to the bytes of the signed request; undefined for one that is sent as it is. */
  readonly mutation: Mutation | undefined;
}

export interface FuzzedOperation {
  readonly target: string;
  readonly service: string;
  readonly input: StructureShape | z.ZodType;
  /** Where it is called by a path. */
  readonly http: HttpBinding | undefined;
  readonly usualCaller: PlannedRequest['caller'];
  readonly isSignedByKey: boolean;
}

/** Every operation that the server supports. */
export const operations: readonly FuzzedOperation[] = services.flatMap(({ targetPrefix, operations }) =>
  [...operations.values()]
    .filter(({ support }) => support === 'supported')
    .map(({ name, service, input, http, implementation }) => ({
      target: `${targetPrefix}.${name}`,
      service,
      input,
      http,
      // What only agents call is counted, not audited.
      usualCaller: implementation?.definition.isAudited === false ? 'node' : 'administrator',
      isSignedByKey: implementation?.definition.authentication === 'role-token',
    })),
);

function bodyOf(operation: FuzzedOperation, known: KnownTexts, examples: readonly object[]): fc.Arbitrary<string> {
  const shaped = shapedJson(operation.input, known);
  if (examples.length === 0) return shaped;
  const changed = fc.oneof(...examples.map((example) => changedExample(example)));
  return fc.oneof(
    { weight: 3, arbitrary: changed },
    // What is wrong with facts shows only where their digest is right.
    { weight: 3, arbitrary: changed.map(withRightDigests) },
    { weight: 1, arbitrary: fc.constantFrom(...examples.map((example) => JSON.stringify(example))) },
    { weight: 3, arbitrary: shaped },
  );
}

const Unit = z.object({ digest: z.string(), content: z.unknown() });

/** The JSON text with the digest of every unit of facts computed anew. */
function withRightDigests(text: string): string {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null) return text;
  try {
    const members = Object.entries(parsed).map(([name, value]: [string, unknown]) => {
      const unit = Unit.safeParse(value);
      return [name, unit.success ? { ...unit.data, digest: contentDigest(unit.data.content) } : value];
    });
    return JSON.stringify(Object.fromEntries(members));
  } catch (error) {
    // Nested deeper than our own stack, which the server has to meet as well.
    if (error instanceof RangeError) return text;
    throw error;
  }
}

/** Requests against a scene, the same ones for the same seed. One in four has its bytes spoilt. */
export function planRequests(scene: Scene, seed: number, count: number): PlannedRequest[] {
  const planned = operations.map((operation) => ({
    // Rare, so that there is something left to work on.
    weight: /\.(?:Delete|Deregister)/.test(operation.target) ? 1 : 10,
    arbitrary: fc.record<PlannedRequest>({
      target: fc.constant(operation.target),
      service: fc.constant(operation.service),
      caller: fc.oneof(
        { weight: 4, arbitrary: fc.constant(operation.usualCaller) },
        { weight: 1, arbitrary: fc.constantFrom('administrator', 'node') },
      ),
      isSignedByKey: fc.constant(operation.isSignedByKey),
      body: bodyOf(operation, scene.known, scene.examples.get(operation.target) ?? []),
      mutation: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: mutations }),
    }),
  }));
  return fc.sample(fc.oneof(...planned), { numRuns: count, seed });
}

/** The bytes of a request, signed now and then spoilt as planned. */
export function writeRequest(
  planned: PlannedRequest,
  { server, scene, learned }: { server: FuzzedServer; scene: Scene; learned: LearnedTexts },
): Buffer {
  const {
    method,
    path,
    headers: own,
    body: text,
  } = placed(planned.target, learned.fillIn(planned.target, planned.body));
  const body = Buffer.from(text);
  const unsigned = { method, url: new URL(path, server.url), headers: own, body };
  const at = { region: server.region, now: new Date() };
  const headers = planned.isSignedByKey
    ? signRoleTokenRequest(unsigned, { ...at, ...scene.nodeIdentity })
    : signRequest(unsigned, { ...at, credentials: scene[planned.caller], service: planned.service });
  const request = {
    method,
    path,
    headers: Object.entries({ ...headers, 'content-length': String(body.byteLength), connection: 'close' }),
    body,
  };
  return planned.mutation ? planned.mutation.apply(request) : toBytes(request);
}

const byTarget = new Map(operations.map((operation) => [operation.target, operation]));

/** Where the input goes: all of it into the body, or parts of it into path and query. */
function placed(target: string, text: string): PathCall {
  const operation = byTarget.get(target);
  if (operation?.http === undefined || operation.input instanceof z.ZodType) {
    return { method: 'POST', path: '/', headers: jsonHeadersFor(target), body: text };
  }
  const whole = { ...pathCallOf(operation, {}), headers: { 'content-type': 'application/json' }, body: text };
  // As it is where nothing of it belongs elsewhere: parsing would lose what is odd about it.
  if (operation.input.members.every(({ httpLocation }) => httpLocation === undefined)) return whole;
  const input: unknown = JSON.parse(text);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return whole;
  try {
    return pathCallOf(operation, input);
  } catch (error) {
    // Nested deeper than our own stack, which the server has to meet as well.
    if (error instanceof RangeError) return whole;
    throw error;
  }
}
