import type { Credentials } from '@patchbay/aws-wire/signing';
import { z } from 'zod';

/** Answer of RequestManagedInstanceRoleToken. */
export const RoleToken = z.object({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  SessionToken: z.string().min(1),
  /** Epoch seconds. */
  TokenExpirationDate: z.number(),
});
export type RoleToken = z.infer<typeof RoleToken>;

/** A node's short-lived credentials, asked for when needed and renewed at half of their life. */
export interface RoleCredentials {
  current(signal?: AbortSignal): Promise<Credentials>;
  /** The server does not take them any more: the next use asks for new ones. */
  forget(): void;
}

interface Held {
  readonly credentials: Credentials;
  readonly renewAt: number;
  readonly expiresAt: number;
}

export function createRoleCredentials(
  requestToken: (signal: AbortSignal | undefined) => Promise<RoleToken>,
  now: () => Date,
): RoleCredentials {
  let held: Held | null = null;
  let pending: Promise<Held> | null = null;

  const renew = async (signal: AbortSignal | undefined): Promise<Held> => {
    const token = await requestToken(signal);
    const expiresAt = token.TokenExpirationDate * 1000;
    const receivedAt = now().getTime();
    held = {
      credentials: {
        accessKeyId: token.AccessKeyId,
        secretAccessKey: token.SecretAccessKey,
        sessionToken: token.SessionToken,
      },
      renewAt: receivedAt + (expiresAt - receivedAt) / 2,
      expiresAt,
    };
    return held;
  };

  return {
    async current(signal) {
      const time = now().getTime();
      if (held !== null && time < held.renewAt) return held.credentials;
      pending ??= renew(signal).finally(() => {
        pending = null;
      });
      try {
        return (await pending).credentials;
      } catch (error) {
        // The old ones are still good for the other half of their life.
        if (held !== null && time < held.expiresAt) return held.credentials;
        throw error;
      }
    },
    forget() {
      held = null;
    },
  };
}
