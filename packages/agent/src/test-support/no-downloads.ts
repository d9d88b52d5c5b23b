import type { Downloads } from '../documents/index.ts';

/** For documents that download nothing. */
export const noDownloads: Downloads = {
  fetch: async ({ url }) => {
    throw new Error(`Nothing is to be fetched from ${url.href}`);
  },
  isInsecureAllowed: false,
};
