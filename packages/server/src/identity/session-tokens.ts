import { createHmac, createSecretKey } from 'node:crypto';
import { z } from 'zod';
import { type RandomBytes, type SecretBox, SecretsError } from '../secrets/index.ts';

/** What a node's short-lived credentials stand for. */
export const NodeSession = z.object({
  accountId: z.string(),
  region: z.string(),
  instanceId: z.string(),
  accessKeyId: z.string(),
  /** Epoch milliseconds. */
  expiresAt: z.number(),
});
export type NodeSession = z.infer<typeof NodeSession>;

export interface IssuedCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAt: Date;
}

export interface SessionTokens {
  issue(node: Omit<NodeSession, 'accessKeyId' | 'expiresAt'>, now: Date): IssuedCredentials;
  /** What a token stands for and the secret that belongs to it; undefined when this installation did not issue it. */
  read(sessionToken: string): { readonly session: NodeSession; readonly secretAccessKey: string } | undefined;
}

/** An hour, as AWS gives to managed nodes; the agents renew at half of it. */
const lifetimeMilliseconds = 3_600_000;

/**
 * Session tokens carry what they stand for under a seal, so that any replica can read one and none has to store it.
 * The secret is derived from the token and is in neither.
 */
export function createSessionTokens(parts: {
  readonly secrets: SecretBox;
  readonly randomBytes: RandomBytes;
}): SessionTokens {
  const { secrets, randomBytes } = parts;
  const secretKey = createSecretKey(secrets.deriveKey('node-session-secret'));
  const secretOf = (token: string) => createHmac('sha256', secretKey).update(token).digest('base64').slice(0, 40);
  return {
    issue(node, now) {
      const accessKeyId = `ASIA${Buffer.from(randomBytes(8)).toString('hex').toUpperCase()}`;
      const expiresAt = new Date(now.getTime() + lifetimeMilliseconds);
      const session: NodeSession = { ...node, accessKeyId, expiresAt: expiresAt.getTime() };
      const sessionToken = secrets.seal(JSON.stringify(session), 'node-session');
      return { accessKeyId, secretAccessKey: secretOf(sessionToken), sessionToken, expiresAt };
    },
    read(sessionToken) {
      const text = openOrNothing(secrets, sessionToken);
      if (text === undefined) return undefined;
      return { session: NodeSession.parse(JSON.parse(text)), secretAccessKey: secretOf(sessionToken) };
    },
  };
}

/** Anybody can send a text as a token: one that this installation did not seal is no fault, it stands for nothing. */
function openOrNothing(secrets: SecretBox, sealed: string): string | undefined {
  try {
    return secrets.open(sealed, 'node-session');
  } catch (error) {
    if (error instanceof SecretsError) return undefined;
    throw error;
  }
}
