import { decodePageToken, encodePageToken, type PageTokenBinding } from '@patchbay/aws-wire';
import { z } from 'zod';
import type { OperationContext } from './operation.ts';
import { OperationError } from './operation-error.ts';

/** Where a page begins: after the last entry of the one before; empty for the first. */
export interface Page {
  readonly after: string;
  readonly binding: PageTokenBinding;
}

/** Reads a page token. It is bound to the operation, the account and all other input, so that it fits no other list. */
export function startOfPage(
  operation: string,
  input: { readonly nextToken?: string | undefined; readonly maxResults?: number | undefined },
  context: Pick<OperationContext, 'accountId' | 'region' | 'dependencies'>,
): Page {
  const { nextToken: token, maxResults: _size, ...filters } = input;
  const binding = {
    key: context.dependencies.pageTokenKey,
    operation,
    filters: [context.accountId, context.region, filters],
  };
  if (token === undefined || token === '') return { after: '', binding };
  const decoded = decodePageToken(binding, token, z.string());
  if (decoded.status === 'invalid') throw new OperationError('INVALID_NEXT_TOKEN', 'The specified token is not valid.');
  return { after: decoded.position, binding };
}

/** The token of the next page, when one more entry was found than fits: the query asks for one over the limit. */
export function nextToken<Entry>(
  page: Page,
  found: readonly Entry[],
  limit: number,
  position: (entry: Entry) => string,
): string | undefined {
  const last = found[limit - 1];
  return found.length > limit && last !== undefined ? tokenAfter(page, position(last)) : undefined;
}

/** The token of the page that begins after a position. */
export function tokenAfter(page: Page, position: string): string {
  return encodePageToken(page.binding, position);
}
