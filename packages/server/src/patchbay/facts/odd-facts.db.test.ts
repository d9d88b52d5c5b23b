import { BeginPatchOperation, CompletePatchOperation, GetNodeVerdict, ProposePlan } from '@patchbay/contracts';
import { ArchiveStatus, type NodeFacts, OperatingSystem, type Simulation } from '@patchbay/facts';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  installedPackage,
  mainArchive,
  sampleFacts,
  securityArchive,
  securityOffer,
  upgradeOf,
} from '../../test-support/sample-facts.ts';
import { readSuccess } from '../../test-support/send-request.ts';
import { enrolNode, type TestNode } from '../../test-support/test-node.ts';
import { withTestServer } from '../../test-support/test-server.ts';

const name = fc.constantFrom('openssl', 'bash', '*', 'a b', '__proto__', 'x'.repeat(300));
const version = fc
  .constantFrom('1.0', '1:2~rc1-1', '9.9.9-9+deb12u1', '', ' ', 'not a version', '-', '1:', '~')
  .filter((text) => text !== '');
const date = fc.constantFrom(null, '2026-11-20T00:00:00.000Z', 'Sat, 21 Nov 2026', 'garbage');
const installed = fc.record({ name, version }).map((each) => installedPackage(each.name, each.version));
const offer = fc
  .record({
    name,
    versions: fc.array(version, { maxLength: 3 }),
    archives: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }),
    candidate: fc.option(version),
    pinPriority: fc.integer({ min: -2000, max: 2000 }),
  })
  .map((each) => {
    const made = securityOffer(each.name, ...each.versions);
    const { archives, pinPriority } = each;
    return {
      ...made,
      candidate: each.candidate,
      versions: made.versions.map((offered) => ({ ...offered, archives, pinPriority })),
    };
  });
const archive = fc
  .record({
    status: fc.constantFrom(...ArchiveStatus.options),
    date,
    hasRelease: fc.boolean(),
    isSecurity: fc.boolean(),
    indexDigest: fc.constantFrom(null, '', 'sha256:1'),
    component: fc.constantFrom('main', '', 'updates/main'),
  })
  .map((each) => {
    const base = each.isSecurity ? securityArchive : mainArchive;
    const release =
      base.release && each.hasRelease ? { ...base.release, date: each.date, validUntil: each.date } : null;
    return {
      ...base,
      address: { ...base.address, component: each.component },
      status: each.status,
      release,
      indexDigest: each.indexDigest,
    };
  });
const oddFacts = fc
  .record({
    installed: fc.array(installed, { maxLength: 4 }),
    offers: fc.array(offer, { maxLength: 4 }),
    archives: fc.array(archive, { maxLength: 4 }),
    operatingSystem: fc.record({
      operatingSystem: fc.option(fc.constantFrom(...OperatingSystem.options)),
      versionId: fc.constantFrom('12', '8', '', 'x'),
      prettyName: fc.constantFrom('', 'Debian'),
    }),
  })
  .map((sample): NodeFacts => sampleFacts(sample));
const oddSimulation = fc.record({ name, version, isRemoval: fc.boolean(), archive: fc.constantFrom('', 'x') }).map(
  (each): Simulation => ({
    groups: [
      [],
      [
        {
          ...upgradeOf(each.name, '1.0', each.version),
          archive: each.archive,
          ...(each.isRemoval ? { action: 'remove' as const, toVersion: null } : {}),
        },
      ],
    ],
    refused: [
      { name: each.name, architecture: 'all', version: each.version, reason: 'dependency-blocked', detail: '' },
    ],
    diskBytes: -1,
  }),
);

describe('odd facts', () => {
  const server = withTestServer();
  let node: TestNode;
  beforeAll(async () => {
    node = await enrolNode(server());
  });

  it('are judged without a fault, and never as compliant where the system is not known', async () => {
    await fc.assert(
      fc.asyncProperty(oddFacts, oddSimulation, async (facts, simulation) => {
        server().advance({ seconds: 1 });
        const factsId = await node.submitFacts(facts);
        const { operationId, status } = await node.patchbay(BeginPatchOperation, {
          factsId,
          operation: 'Install',
          commandId: null,
          rebootOption: 'NoReboot',
          snapshotId: '',
        });
        if (facts.operatingSystem.operatingSystem === null) expect(status).toBe('unknown');
        await node.patchbay(ProposePlan, { operationId, simulation });
        await node.patchbay(CompletePatchOperation, { operationId, factsId, simulation, outcomes: [] });
        const answer = await server().call(
          'Patchbay.GetNodeVerdict',
          { instanceId: node.instanceId },
          { service: 'patchbay' },
        );
        GetNodeVerdict.output.parse(readSuccess(answer));
      }),
      { numRuns: 60 },
    );
  });
});
