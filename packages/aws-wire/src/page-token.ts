import { createHmac, timingSafeEqual } from 'node:crypto';
import type { z } from 'zod';
import { canonicalText } from './canonical-text.ts';

const version = 1;
const macBytes = 16;

/** What a page token belongs to: a token is refused wherever any of it differs. */
export interface PageTokenBinding {
  /** At least 32 random bytes, kept by the installation. */
  readonly key: Uint8Array;
  /** With its service: `ssm:DescribePatchBaselines`. */
  readonly operation: string;
  /** Everything that shapes the listing: account, region, filters, order. Dates and bytes are allowed in it. */
  readonly filters: unknown;
}

export type DecodedPageToken<Position> =
  | { readonly status: 'valid'; readonly position: Position }
  | { readonly status: 'invalid'; readonly reason: 'malformed' | 'foreign' };

/** An opaque printable token (base64url) that says where the next page starts. `position` must be JSON. */
export function encodePageToken(binding: PageTokenBinding, position: unknown): string {
  const payload = Buffer.from(JSON.stringify(position));
  return Buffer.concat([Buffer.of(version), authenticate(binding, payload), payload]).toString('base64url');
}

/**
 * Reads a token back and checks its position with `Position`. A token that was changed, or that belongs to another
 * operation, filter or installation, is `foreign`; each service has its own error for it.
 */
export function decodePageToken<Position>(
  binding: PageTokenBinding,
  token: string,
  Position: z.ZodType<Position>,
): DecodedPageToken<Position> {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.toString('base64url') !== token || bytes.length <= 1 + macBytes || bytes[0] !== version) {
    return { status: 'invalid', reason: 'malformed' };
  }
  const payload = bytes.subarray(1 + macBytes);
  if (!timingSafeEqual(bytes.subarray(1, 1 + macBytes), authenticate(binding, payload))) {
    return { status: 'invalid', reason: 'foreign' };
  }
  const parsed = Position.safeParse(JSON.parse(payload.toString()));
  return parsed.success
    ? { status: 'valid', position: parsed.data }
    : // Genuine, but written by a release whose positions looked different.
      { status: 'invalid', reason: 'malformed' };
}

function authenticate(binding: PageTokenBinding, payload: Uint8Array): Buffer {
  return createHmac('sha256', binding.key)
    .update(canonicalText([version, binding.operation, binding.filters]))
    .update('\0')
    .update(payload)
    .digest()
    .subarray(0, macBytes);
}
