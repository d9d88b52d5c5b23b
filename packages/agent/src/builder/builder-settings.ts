import type { PinnedKey } from '../authorization.ts';
import type { ControlPlaneClient } from '../client/index.ts';
import type { Log } from '../log.ts';
import type { DebianArchives } from '../network/index.ts';
import type { Timers } from '../timers.ts';

/** What makes an agent a builder. */
export interface BuilderSettings {
  /** Builds that run at once. */
  readonly concurrency: number;
  /** Where base images are made from; null for the archives of this machine's own sources. */
  readonly archives: DebianArchives | null;
  /** Trusted to sign these archives. */
  readonly keyring: string;
  /** A docker config or containers auth file with the credentials of registries; null for none. */
  readonly registryAuthFile: string | null;
  /** Images of this machine that recipes may build upon (`builder://PATH`) lie below it; null for none. */
  readonly parentImageDirectory: string | null;
  /** Registries beyond loopback that may be spoken to without TLS: `host[:port]`. */
  readonly plainHttpRegistries: readonly string[];
}

/** The node that a builder is. */
export interface BuilderNode {
  /** Private, of the builder: images, base images, work directories. */
  readonly directory: string;
  readonly client: Pick<ControlPlaneClient, 'callPatchbay' | 'now'>;
  readonly instanceId: string;
  readonly key: PinnedKey;
  readonly log: Log;
  readonly timers: Timers;
  readonly signal: AbortSignal;
}

/**
 * Builds images until the signal is aborted. An agent is given it and does not import it: one that builds nothing neither
 * loads nor carries what building takes.
 */
export type Builder = (node: BuilderNode) => Promise<void>;

export const defaultKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
