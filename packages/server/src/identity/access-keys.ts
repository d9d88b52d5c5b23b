import type { RandomBytes, SecretBox } from '../secrets/index.ts';

export interface IssuedAccessKey {
  readonly accessKeyId: string;
  /** Told once, to whoever asked for the key. */
  readonly secretAccessKey: string;
  /** As it is stored. */
  readonly sealedSecret: string;
}

export interface AccessKeys {
  issue(): IssuedAccessKey;
  openSecret(accessKeyId: string, sealedSecret: string): string;
}

/** Makes access keys and opens their secrets; a sealed secret fits its own key only. */
export function createAccessKeys(parts: {
  readonly secrets: SecretBox;
  readonly randomBytes: RandomBytes;
}): AccessKeys {
  const { secrets, randomBytes } = parts;
  const contextOf = (accessKeyId: string) => `access-key.${accessKeyId}`;
  return {
    issue() {
      const accessKeyId = `AKIA${Buffer.from(randomBytes(8)).toString('hex').toUpperCase()}`;
      const secretAccessKey = Buffer.from(randomBytes(30)).toString('base64');
      return { accessKeyId, secretAccessKey, sealedSecret: secrets.seal(secretAccessKey, contextOf(accessKeyId)) };
    },
    openSecret: (accessKeyId, sealedSecret) => secrets.open(sealedSecret, contextOf(accessKeyId)),
  };
}
