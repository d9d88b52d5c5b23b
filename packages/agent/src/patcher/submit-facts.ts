import { SubmitFacts } from '@patchbay/contracts';
import { contentDigest } from '@patchbay/facts/digest';
import type { CallOptions, ControlPlaneClient } from '../client/index.ts';
import type { CollectedFacts } from './collect-facts.ts';
import { PatcherError } from './patcher-error.ts';

/** The control plane as the patcher needs it. */
export type ServerCalls = Pick<ControlPlaneClient, 'callPatchbay' | 'now'>;

/** Hands in facts, contents only where the control plane does not know them. Answers their id. */
export async function submitFacts(
  server: ServerCalls,
  { facts, doubts }: Pick<CollectedFacts, 'facts' | 'doubts'>,
  options: CallOptions = {},
): Promise<string> {
  const { operatingSystem, overlay } = facts;
  const contents = { installed: facts.installed, offers: facts.offers, policy: facts.policy };
  const digests = {
    installed: { digest: contentDigest(contents.installed) },
    offers: { digest: contentDigest(contents.offers) },
    policy: { digest: contentDigest(contents.policy) },
  };
  const first = await server.callPatchbay(SubmitFacts, { operatingSystem, overlay, doubts, ...digests }, options);
  if (first.factsId !== null) return first.factsId;
  const withContent = {
    installed: first.missing.includes('installed')
      ? { ...digests.installed, content: contents.installed }
      : digests.installed,
    offers: first.missing.includes('offers') ? { ...digests.offers, content: contents.offers } : digests.offers,
    policy: first.missing.includes('policy') ? { ...digests.policy, content: contents.policy } : digests.policy,
  };
  const second = await server.callPatchbay(SubmitFacts, { operatingSystem, overlay, doubts, ...withContent }, options);
  if (second.factsId !== null) return second.factsId;
  throw new PatcherError(
    'INVALID_REQUEST',
    `The control plane asked for ${second.missing.join(', ')} again after it was sent`,
  );
}
