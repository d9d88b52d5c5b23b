import type { Credentials } from '@patchbay/aws-wire';
import {
  CompleteImageBuild,
  type ImageBuildLease,
  type ImageBuildOutcome,
  ReportImageBuild,
  SubmitFacts,
  TakeImageBuild,
} from '@patchbay/contracts';
import {
  availableOf,
  failedOf,
  leaseOf,
  lineOf,
  stepsAfter,
} from '../../packages/server/src/aws/imagebuilder/images/images.test-support.ts';
import { sampleFacts } from '../../packages/server/src/test-support/sample-facts.ts';
import { readSuccess } from '../../packages/server/src/test-support/send-request.ts';
import { type NodeHost, submissionOf } from '../../packages/server/src/test-support/test-node.ts';
import type { Example } from './windows-in-scene.ts';

/** The node of a scene. */
export interface FuzzedBuilder {
  readonly node: Credentials;
  readonly nodeIdentity: { readonly instanceId: string };
}

/** What the four oldest builds came to: one available, one that can be tried again, and two that are held. */
export interface BuiltImages {
  readonly availableArn: string;
  readonly retriableArn: string;
  readonly examples: readonly Example[];
}

/** Makes the node a builder for as long as it takes: nothing that the fuzzer asks it may wait for a build. */
export async function buildOldest(host: NodeHost, { node, nodeIdentity }: FuzzedBuilder): Promise<BuiltImages> {
  const resource = { ResourceType: 'ManagedInstance', ResourceId: nodeIdentity.instanceId };
  const tags = [{ Key: 'patchbay:builder', Value: 'true' }];
  readSuccess(await host.call('AmazonSSM.AddTagsToResource', { ...resource, Tags: tags }));
  const call = async (name: string, input: object) =>
    readSuccess(await host.call(`Patchbay.${name}`, input, { service: 'patchbay', credentials: node }));
  const take = async () => {
    const { order } = TakeImageBuild.output.parse(await call(TakeImageBuild.name, { tools: [] }));
    if (order === null) throw new Error('There is no build to take');
    return order;
  };
  const complete = async (lease: ImageBuildLease, outcome: ImageBuildOutcome) =>
    await call(CompleteImageBuild.name, { ...lease, outcome });
  const first = await take();
  const submitted = { ...submissionOf(sampleFacts()), imageBuild: leaseOf(first) };
  const { factsId } = SubmitFacts.output.parse(await call(SubmitFacts.name, submitted));
  await complete(leaseOf(first), availableOf(factsId ?? ''));
  const second = await take();
  const sending = { steps: stepsAfter(5, host.now()), firstLine: 0, lines: [lineOf('sent halfway')] };
  await call(ReportImageBuild.name, { ...leaseOf(second), ...sending });
  await complete(leaseOf(second), failedOf('the registry is gone'));
  const [held, ended] = [leaseOf(await take()), leaseOf(await take())];
  await call(ReportImageBuild.name, { ...ended, ...sending });
  readSuccess(await host.call('AmazonSSM.RemoveTagsFromResource', { ...resource, TagKeys: ['patchbay:builder'] }));
  return {
    availableArn: first.imageBuildVersionArn,
    retriableArn: second.imageBuildVersionArn,
    examples: [
      ['ReportImageBuild', { ...held, ...sending }],
      ['CompleteImageBuild', { ...ended, outcome: failedOf('it does not compile') }],
    ],
  };
}
