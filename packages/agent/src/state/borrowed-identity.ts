import { z } from 'zod';
import { readJsonFile, writeFileDurably } from './durable-file.ts';

/** Who this node is where another agent enrolled it: that one has the key, and shares the credentials it gets with it. */
export const BorrowedIdentity = z.object({
  instanceId: z.string().regex(/^mi-[0-9a-f]{17}$/),
  endpoint: z.url(),
  region: z.string().min(1),
  /** As the command named it: this node pins none. */
  signingKey: z.object({ keyId: z.string(), publicKey: z.string() }),
  /** The AWS shared credentials file that the other agent renews. */
  credentialsFile: z.string().min(1),
});
export type BorrowedIdentity = z.infer<typeof BorrowedIdentity>;

/** Null where our own agent enrolled. @throws AgentError STATE_DAMAGED */
export function readBorrowedIdentity(path: string): BorrowedIdentity | null {
  return readJsonFile(path, BorrowedIdentity);
}

export function writeBorrowedIdentity(path: string, identity: BorrowedIdentity): void {
  writeFileDurably(path, `${JSON.stringify(identity, null, 2)}\n`);
}
