import { CreatePatchBaselineCommand, DeregisterManagedInstanceCommand } from '@aws-sdk/client-ssm';
import { GetNodeVerdict, ListFirstSeen } from '@patchbay/contracts';
import { describe, expect, it } from 'vitest';
import {
  installedPackage,
  mainArchive,
  sampleFacts,
  securityArchive,
  securityOffer,
} from '../test-support/sample-facts.ts';
import { type RawAnswer, readError, readSuccess } from '../test-support/send-request.ts';
import { enrolNode } from '../test-support/test-node.ts';
import { OTHER_REGION, withTestServer } from '../test-support/test-server.ts';

describe('what people ask of Patchbay', () => {
  const server = withTestServer();
  const ask = async (name: string, input: unknown, region?: string): Promise<RawAnswer> =>
    await server().call(`Patchbay.${name}`, input, {
      service: 'patchbay',
      ...(region === undefined ? {} : { region }),
    });

  it("is answered by today's verdict on the newest facts, under the node's baseline or another", async () => {
    const node = await enrolNode(server(), { tags: { PatchGroup: 'Web' } });
    await node.submitFacts(sampleFacts({ offers: [securityOffer('openssl', '3.0.2', '3.0.1')] }));
    const { instanceId } = node;
    const own = GetNodeVerdict.output.parse(readSuccess(await ask('GetNodeVerdict', { instanceId })));
    expect(own).toMatchObject({
      instanceId,
      patchGroup: 'Web',
      baselineName: 'AWS-DebianDefaultPatchBaseline',
      factsReceivedAt: server().now().toISOString(),
      counts: { missingCount: 1 },
      verdict: { status: 'non-compliant' },
    });
    const { BaselineId } = await server().ssm.send(
      new CreatePatchBaselineCommand({ Name: 'approves-nothing', OperatingSystem: 'DEBIAN' }),
    );
    const other = GetNodeVerdict.output.parse(
      readSuccess(await ask('GetNodeVerdict', { instanceId, baselineId: BaselineId })),
    );
    expect(other).toMatchObject({ baselineName: 'approves-nothing', verdict: { status: 'compliant' } });
    const missing = await ask('GetNodeVerdict', { instanceId, baselineId: 'pb-00000000000000000' });
    expect(readError(missing).code).toBe('DoesNotExistException');
  });

  it('is unknown, never compliant, for a node without facts and for one whose facts are old', async () => {
    const node = await enrolNode(server());
    const { instanceId } = node;
    const status = async () => {
      const { verdict } = GetNodeVerdict.output.parse(readSuccess(await ask('GetNodeVerdict', { instanceId })));
      return [verdict.status, ...verdict.unknownReasons.map((reason) => reason.code)];
    };
    expect(await status()).toEqual(['unknown', 'no-facts']);
    await node.submitFacts(sampleFacts());
    expect(await status()).toEqual(['compliant']);
    const start = server().now();
    server().advance({ hours: 48, seconds: 1 });
    expect(await status()).toEqual(['unknown', 'stale-facts']);
    server().setNow(start);
  });

  it('can still be asked of nodes that were deregistered', async () => {
    const node = await enrolNode(server());
    await node.submitFacts(sampleFacts());
    await server().ssm.send(new DeregisterManagedInstanceCommand({ InstanceId: node.instanceId }));
    expect((await ask('GetNodeVerdict', { instanceId: node.instanceId })).statusCode).toBe(200);
    expect((await ask('GetNodeFacts', { instanceId: node.instanceId })).statusCode).toBe(200);
  });

  it('is about nodes that are known here', async () => {
    const elsewhere = await enrolNode(server(), { region: OTHER_REGION });
    for (const instanceId of [elsewhere.instanceId, 'mi-00000000000000000']) {
      expect(readError(await ask('GetNodeVerdict', { instanceId })).code).toBe('DoesNotExistException');
      expect(readError(await ask('GetNodeFacts', { instanceId })).code).toBe('DoesNotExistException');
    }
    const malformed = await ask('GetNodeVerdict', { instanceId: 'i-1' });
    expect(readError(malformed)).toMatchObject({
      code: 'ValidationException',
      message: expect.stringContaining("at 'instanceId'"),
    });
    const readable = await ask('GetNodeVerdict', { instanceId: elsewhere.instanceId }, OTHER_REGION);
    expect(readable.statusCode).toBe(200);
  });

  it('names archives whose address has spaces, which those on discs have', async () => {
    const node = await enrolNode(server());
    const disc = { ...mainArchive, address: { ...mainArchive.address, uri: 'cdrom:[Debian GNU/Linux 12 _Bookworm_]' } };
    const offer = securityOffer('on-disc', '1.0');
    await node.submitFacts(
      sampleFacts({
        installed: [installedPackage('on-disc', '1.0')],
        archives: [disc, securityArchive],
        offers: [{ ...offer, versions: offer.versions.map((version) => ({ ...version, archives: [0] })) }],
      }),
    );
    const { records } = ListFirstSeen.output.parse(readSuccess(await ask('ListFirstSeen', { source: 'on-disc' })));
    expect(records).toMatchObject([{ archive: disc.address, sourceVersion: '1.0' }]);
  });

  it('takes a page token only for the list that it came from', async () => {
    const node = await enrolNode(server());
    await node.submitFacts(
      sampleFacts({ installed: [installedPackage('paged', '1')], offers: [securityOffer('paged', '2', '1')] }),
    );
    const first = ListFirstSeen.output.parse(
      readSuccess(await ask('ListFirstSeen', { source: 'paged', maxResults: 1 })),
    );
    expect(first.nextToken).toBeDefined();
    const foreign = await ask('ListFirstSeen', { source: 'openssl', nextToken: first.nextToken });
    expect(readError(foreign).code).toBe('InvalidNextToken');
    const region = await ask('ListFirstSeen', { source: 'paged', nextToken: first.nextToken }, OTHER_REGION);
    expect(readError(region).code).toBe('InvalidNextToken');
  });

  it('is not for nodes', async () => {
    const node = await enrolNode(server());
    const answer = await server().call(
      'Patchbay.GetNodeFacts',
      { instanceId: node.instanceId },
      { service: 'patchbay', credentials: node.credentials },
    );
    expect(readError(answer).code).toBe('AccessDeniedException');
  });
});
