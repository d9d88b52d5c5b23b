import type { DebianArchives } from './own-archives.ts';

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
  /** Registries beyond loopback that may be spoken to without TLS: `host[:port]`. */
  readonly plainHttpRegistries: readonly string[];
}

export const defaultKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
