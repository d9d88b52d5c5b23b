import type { Logger } from 'pino';
import type { SessionTokens } from './identity/session-tokens.ts';
import type { Counters } from './observability/index.ts';
import type { ReadOverride } from './patchbay/overrides/read-override.ts';
import type { SigningKey } from './secrets/index.ts';
import type { Wake } from './wake.ts';

/** Everything of the outside world that operations use, so that tests can give their own. */
export interface Dependencies {
  readonly clock: () => Date;
  readonly randomBytes: (size: number) => Buffer;
  readonly randomId: () => string;
  readonly logger: Logger;
  /** What happened how often since the start. */
  readonly counters: Counters;
  readonly sessionTokens: SessionTokens;
  /** Signs what agents may run. */
  readonly signingKey: SigningKey;
  readonly pageTokenKey: Uint8Array;
  readonly wake: Wake;
  /** Reads what a command's override stands at. */
  readonly readOverride: ReadOverride;
  /** What is kept of one stream of one step of a command. */
  readonly commandOutputLimitBytes: number;
  /** How long a poll of an agent is held. The SSM Agent gives up after 20 seconds. */
  readonly longPollMilliseconds: number;
}
