import type { OperationContext } from '../../operations/operation.ts';
import type { QuotaName } from '../../quotas.ts';
import { ImageBuilderError } from './errors.ts';

/** Refuses one more of `things` where a quota is used up. They are counted only where there is a limit. */
export async function refuseTooMany(
  quota: QuotaName,
  things: string,
  count: () => Promise<number>,
  { dependencies }: Pick<OperationContext, 'dependencies'>,
): Promise<void> {
  const most = dependencies.quotas[quota];
  if (most === Number.POSITIVE_INFINITY || (await count()) < most) return;
  throw new ImageBuilderError('IMAGE_RESOURCE_LIMIT', `An account can have at most ${most} ${things} in a region.`);
}
