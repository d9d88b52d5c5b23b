import { CompleteImageBuild, ReportImageBuild, TakeImageBuild } from '@patchbay/contracts';
import { waitForMessage } from '../../aws/ec2messages/long-poll.ts';
import { fulfil } from '../../operations/registry.ts';
import { callingNode, itself } from '../calling-node.ts';
import { factsErrors } from '../facts/errors.ts';
import { imageBuildErrors } from './errors.ts';
import { completeBuild, reportBuild, requireBuilder, takeBuild } from './service.ts';
import { buildTopic, buildTopicKey } from './wake.ts';

/** What builders call: they ask for builds, say how these go, and end them. */
export const imageBuildContracts = [
  fulfil(TakeImageBuild, {
    resource: itself,
    errors: imageBuildErrors,
    isTransactional: false,
    isWaiting: true,
    handle: async ({ pollSeconds }, context) => {
      const instanceId = callingNode(context);
      await requireBuilder(instanceId, context);
      const taken = await waitForMessage(
        {
          subscribe: (callback) => context.dependencies.wake.subscribe(buildTopic, buildTopicKey(context), callback),
          take: () => takeBuild(instanceId, context),
        },
        pollSeconds * 1000,
        context.signal,
      );
      return taken ?? { order: null, authorization: null };
    },
  }),
  fulfil(ReportImageBuild, {
    resource: itself,
    errors: imageBuildErrors,
    handle: (input, context) => reportBuild(callingNode(context), input, context),
  }),
  fulfil(CompleteImageBuild, {
    resource: itself,
    errors: { ...factsErrors, ...imageBuildErrors },
    handle: async ({ outcome, ...lease }, context) => {
      await completeBuild(callingNode(context), lease, outcome, context);
      return {};
    },
  }),
];
