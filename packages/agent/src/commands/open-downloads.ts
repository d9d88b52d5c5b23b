import { createContentFetcher, type Downloads } from '../documents/index.ts';
import { readNodePolicy } from '../policy/node-policy-file.ts';

/** What the steps of a command may download, by the policy of the node as it is now. */
export function openDownloads({ policyFile }: { readonly policyFile: string }): Downloads {
  const { insecureDownloads = false } = readNodePolicy(policyFile).policy;
  return { fetch: createContentFetcher(process.env), isInsecureAllowed: insecureDownloads };
}
