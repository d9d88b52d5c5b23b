import * as client from '@aws-sdk/client-ssm';
import {
  adaptService,
  ec2MessagesOperations,
  type OperationShape,
  type Shape,
  ssmAgentOperations,
  ssmConstraints,
} from '@patchbay/aws-wire';
import {
  BeginPatchOperation,
  CompletePatchOperation,
  GetCommandOutput,
  GetNode,
  GetPatchOperation,
  GetPlan,
  ListFirstSeen,
  ListManagedNodes,
  ListPatchOperations,
  ProposePlan,
  ReleaseNode,
  RenameNode,
  ReportPresence,
  SubmitFacts,
  UploadCommandOutput,
} from '@patchbay/contracts';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { services } from '../app.ts';
import { sampleFacts } from '../test-support/sample-facts.ts';
import { enrolNode, submissionOf, type TestNode } from '../test-support/test-node.ts';
import { withTestServer } from '../test-support/test-server.ts';

/** Texts that get past the first checks of something, and such that only look like it. */
const telling = fc.constantFrom(
  '',
  'mi-00000000000000000',
  'pb-00000000000000000',
  'arn:aws:ssm:us-east-1:123456789012:patchbaseline/pb-00000000000000000',
  '00000000-0000-4000-8000-000000000000',
  'AWS-RunShellScript',
  'InstanceIds',
  'tag:PatchGroup',
  'constructor',
  'valueOf',
  '__proto__',
  'InvokedAfter',
  '+275760-09-13T00:00:00.001Z',
  '2026-11-20',
  '%',
  "'; drop table nodes; --",
  'a'.repeat(1_025),
);

const someText = fc.oneof(telling, fc.string({ unit: 'binary', maxLength: 40 }));
const someNumber = fc.oneof(fc.integer(), fc.constantFrom(0, -1, 1, 7, 2 ** 31, 2 ** 53, 1e300, 0.5));

/** Mostly what a shape asks for, sometimes anything. */
function valueOf(shape: Shape, depth = 0): fc.Arbitrary<unknown> {
  const anything = { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) };
  return fc.oneof({ weight: 12, arbitrary: fittingValueOf(shape, depth) }, anything);
}

function fittingValueOf(shape: Shape, depth: number): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case 'structure': {
      const members = depth > 5 ? [] : shape.members;
      const record = Object.fromEntries(
        members.map(({ wireName, shape: member }) => [wireName, valueOf(member, depth + 1)]),
      );
      const requiredKeys = members.filter(({ required }) => required).map(({ wireName }) => wireName);
      return fc.record(record, { requiredKeys });
    }
    case 'list':
      return fc.array(valueOf(shape.element, depth + 1), { maxLength: 3 });
    case 'map':
      return fc.dictionary(someText, valueOf(shape.value, depth + 1), { maxKeys: 3 });
    case 'string': {
      const { enumValues = [] } = shape.constraints ?? {};
      return enumValues.length > 0
        ? fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...enumValues) }, someText)
        : someText;
    }
    case 'boolean':
      return fc.boolean();
    case 'timestamp':
    case 'integer':
    case 'long':
    case 'float':
      return someNumber;
    case 'blob':
      return fc.base64String();
    case 'document':
      break;
  }
  return fc.jsonValue();
}

const shapes = new Map<string, OperationShape>([
  ...[...adaptService(client, ssmConstraints).operations, ...ssmAgentOperations].map(
    ([name, shape]) => [`AmazonSSM.${name}`, shape] as const,
  ),
  ...[...ec2MessagesOperations].map(([name, shape]) => [`EC2WindowsMessageDeliveryService.${name}`, shape] as const),
]);
const supported = services.flatMap(({ targetPrefix, operations }) =>
  [...operations.values()]
    .filter(({ support }) => support === 'supported')
    .map(({ name, service }) => ({ target: `${targetPrefix}.${name}`, service })),
);
const ofAws = supported.filter(({ target }) => shapes.has(target));

describe('no input makes the server fail', () => {
  const server = withTestServer();
  let node: TestNode;
  beforeAll(async () => {
    node = await enrolNode(server(), { tags: { PatchGroup: 'Web' } });
  });

  async function expectNoFault(target: string, service: string, input: unknown): Promise<void> {
    for (const credentials of [server().administrator, node.credentials]) {
      // A poll of the node itself would only wait.
      if (target.endsWith('.GetMessages') && credentials === node.credentials) continue;
      const answer = await server().call(target, JSON.stringify(input), { service, credentials });
      expect([answer.statusCode, answer.text]).toEqual([
        expect.toSatisfy((code: number) => code < 500),
        expect.any(String),
      ]);
    }
  }

  it('has a shape for every operation of AWS that is served', () => {
    expect(supported.length - ofAws.length).toBe(18);
  });

  it.each(ofAws)('of $target', async ({ target, service }) => {
    const shape = shapes.get(target);
    if (!shape) throw new RangeError(`There is no shape of ${target}`);
    await fc.assert(
      fc.asyncProperty(valueOf(shape.input), async (input) => await expectNoFault(target, service, input)),
      { numRuns: 25 },
    );
  });

  const factsId = '00000000-0000-4000-8000-000000000000';
  const simulation = { groups: [], refused: [], diskBytes: 0 };
  it.each<[string, object]>([
    [SubmitFacts.name, submissionOf(sampleFacts())],
    [
      BeginPatchOperation.name,
      { factsId, operation: 'Scan', commandId: null, stepName: '', rebootOption: 'NoReboot', snapshotId: '' },
    ],
    [ProposePlan.name, { operationId: factsId, simulation }],
    [CompletePatchOperation.name, { operationId: factsId, factsId, simulation, outcomes: [] }],
    [ListPatchOperations.name, { instanceId: 'mi-00000000000000000', maxResults: 1, nextToken: '' }],
    [GetPatchOperation.name, { operationId: factsId }],
    [GetPlan.name, { planId: factsId }],
    [
      ReportPresence.name,
      { state: 'running', agentRunId: 'a', bootId: 'b', machineIdHash: 'm', agentClock: '2026-11-20T12:00:00.000Z' },
    ],
    [UploadCommandOutput.name, { commandId: factsId, stepName: 'a', stream: 'stdout', startByte: 0, content: 'eA==' }],
    [GetCommandOutput.name, { commandId: factsId, instanceId: 'mi-0', stepName: 'a', stream: 'stdout', startByte: 0 }],
    [GetNode.name, { instanceId: 'mi-00000000000000000' }],
    [ListManagedNodes.name, { includeArchived: true, includeDeregistered: true, maxResults: 1, nextToken: '' }],
    [RenameNode.name, { instanceId: 'mi-00000000000000000', name: 'a' }],
    [ReleaseNode.name, { instanceId: 'mi-00000000000000000' }],
    [ListFirstSeen.name, { source: 'openssl', maxResults: 1, nextToken: '' }],
  ])('of Patchbay.%s', async (name, valid) => {
    const changed = fc
      .record({ member: fc.constantFrom(...Object.keys(valid)), value: fc.oneof(someText, someNumber, fc.jsonValue()) })
      .map(({ member, value }) => ({ ...valid, [member]: value }));
    await fc.assert(
      fc.asyncProperty(changed, async (input) => await expectNoFault(`Patchbay.${name}`, 'patchbay', input)),
      { numRuns: 25 },
    );
  });
});
