import { AddArchiveWatch, ListArchiveWatches, RefreshArchiveWatch, RemoveArchiveWatch } from '@patchbay/contracts';
import { nextToken, startOfPage } from '../../operations/pages.ts';
import { fulfil } from '../../operations/registry.ts';
import { wakeImageFreshness } from '../image-freshness/wake.ts';
import { ArchiveWatchError, archiveWatchErrors } from './errors.ts';
import { deleteWatch, pageWatches } from './repository.ts';
import { addWatch, describeWatch, refreshWatch } from './service.ts';

/** What administrators ask about the archives that the server looks at itself. */
export const archiveWatchContracts = [
  fulfil(AddArchiveWatch, {
    errors: archiveWatchErrors,
    handle: async (input, context) => ({ watch: describeWatch(await addWatch(input, context)) }),
  }),
  fulfil(ListArchiveWatches, {
    handle: async (input, context) => {
      const limit = input.maxResults ?? 50;
      const page = startOfPage('ListArchiveWatches', input, context);
      const found = await pageWatches(context.db, context.accountId, page.after, limit + 1);
      return {
        watches: found.slice(0, limit).map(describeWatch),
        nextToken: nextToken(page, found, limit, ({ watchId }) => watchId),
      };
    },
  }),
  fulfil(RemoveArchiveWatch, {
    errors: archiveWatchErrors,
    handle: async ({ watchId }, context) => {
      if (await deleteWatch(context.db, context.accountId, watchId)) {
        await wakeImageFreshness(context.db, context.dependencies);
        return {};
      }
      throw new ArchiveWatchError('WATCH_NOT_FOUND', `There is no archive watch ${watchId}.`);
    },
  }),
  fulfil(RefreshArchiveWatch, {
    errors: archiveWatchErrors,
    // It waits for the archive.
    isTransactional: false,
    handle: async ({ watchId }, { accountId, db, dependencies }) => ({
      watch: describeWatch(await refreshWatch(accountId, watchId, { db, dependencies })),
    }),
  }),
];
