import { bodyHash } from '@patchbay/aws-wire';
import type { Database } from '../database/tables.ts';
import { OperationError } from './operation-error.ts';
import type { Scope } from './scope.ts';

interface Call {
  readonly scope: Scope;
  readonly operation: string;
  readonly token: string;
  readonly input: unknown;
  readonly now: Date;
}

/**
 * Carries out a call with an idempotency token once. The same call again gets the first answer; another input under
 * the same token is refused. Two at the same moment: the second waits for the first at the row that both insert.
 */
export async function runOnce(db: Database, call: Call, work: () => Promise<unknown>): Promise<unknown> {
  const { scope, operation, token, now } = call;
  const key = { accountId: scope.accountId, region: scope.region, operation, token };
  const inputHash = bodyHash(call.input);
  const claimed = await db
    .insertInto('idempotencyTokens')
    .values({ ...key, inputHash, output: 'null', createdAt: now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if ((claimed.numInsertedOrUpdatedRows ?? 0n) > 0n) {
    const output = await work();
    await db
      .updateTable('idempotencyTokens')
      .set({ output: JSON.stringify(output) })
      .where((where) => where.and(key))
      .execute();
    return output;
  }
  const earlier = await db
    .selectFrom('idempotencyTokens')
    .select(['inputHash', 'output'])
    .where((where) => where.and(key))
    .executeTakeFirstOrThrow();
  if (earlier.inputHash !== inputHash) {
    throw new OperationError(
      'IDEMPOTENT_PARAMETER_MISMATCH',
      'The client token was used before with other parameters. Use a new token for a new request.',
    );
  }
  return earlier.output;
}
