import type { Logger } from 'pino';
import type { AgentPackages } from './agent-packages/index.ts';
import type { EgressClient } from './egress/index.ts';
import type { AccessKeys } from './identity/access-keys.ts';
import type { RecentClaims } from './identity/recent-claims.ts';
import type { SessionTokens } from './identity/session-tokens.ts';
import type { Metrics } from './observability/index.ts';
import type { ReadOverride } from './patchbay/overrides/read-override.ts';
import type { Quotas } from './quotas.ts';
import type { SecretBox, SigningKey } from './secrets/index.ts';
import type { Wake } from './wake.ts';

/** Everything of the outside world that operations use, so that tests can give their own. */
export interface Dependencies {
  readonly clock: () => Date;
  readonly randomBytes: (size: number) => Buffer;
  readonly randomId: () => string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly accessKeys: AccessKeys;
  readonly recentClaims: RecentClaims;
  readonly sessionTokens: SessionTokens;
  /** Seals the secrets that people store. */
  readonly secrets: Pick<SecretBox, 'seal' | 'open'>;
  /** Signs what agents may run. */
  readonly signingKey: SigningKey;
  /** Versions of the agent that nodes may fetch, and the key that vouches for them. */
  readonly agentPackages: AgentPackages;
  readonly pageTokenKey: Uint8Array;
  /** Signs the addresses of downloads. */
  readonly downloadKey: Uint8Array;
  readonly quotas: Quotas;
  readonly wake: Wake;
  /** The one way out. */
  readonly egress: EgressClient;
  /** Reads what a command's override stands at. */
  readonly readOverride: ReadOverride;
  /** So many nodes of an account and region patch at once, whatever their commands allow; `Infinity` for any number. */
  readonly mostPatchingNodes: number;
  /** What is kept of one stream of one step of a command. */
  readonly commandOutputLimitBytes: number;
  /** How long a poll of an agent is held. The SSM Agent gives up after 20 seconds. */
  readonly longPollMilliseconds: number;
}
