import { createHash } from 'node:crypto';
import { canonicalText } from './canonical-text.ts';
import type { StructureShape } from './shape.ts';

/** The key under which the result of a call is kept. `scope` is what tokens are unique in, say account and region. */
export function idempotencyKey(operation: string, token: string, scope: readonly string[] = []): string {
  return createHash('sha256')
    .update(canonicalText([operation, token, scope]))
    .digest('hex');
}

/**
 * A hash of a decoded input, equal for equal inputs in any member order: a token used again with another hash is AWS's
 * IdempotentParameterMismatch.
 */
export function bodyHash(input: unknown): string {
  return createHash('sha256').update(canonicalText(input)).digest('hex');
}

/** The value of the member that the schema marks as idempotency token. Its absence is fine: curl sends none. */
export function findIdempotencyToken(
  shape: StructureShape,
  input: Readonly<Record<string, unknown>>,
): string | undefined {
  const member = shape.members.find(({ idempotencyToken }) => idempotencyToken);
  const token = member === undefined ? undefined : input[member.name];
  return typeof token === 'string' ? token : undefined;
}
