/** A source of secret bytes: `randomBytes` of node:crypto outside of tests. */
export type RandomBytes = (size: number) => Uint8Array;
