import { lstatSync, readFileSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { describeError } from '../log.ts';

/** What the owner of a node allows; the control plane cannot change it. Patching itself is allowed in every mode. */
export const ExecutionPolicy = z.strictObject({
  mode: z.enum(['patch-only', 'documents', 'full']),
  /** In mode `documents`: the names that may run beside patching. */
  documents: z.array(z.string()).default([]),
  /** Whether documents may fetch contents over plain http, where they ask for it. */
  insecureDownloads: z.boolean().optional(),
});
export type ExecutionPolicy = z.infer<typeof ExecutionPolicy>;

export interface PolicyReading {
  readonly policy: ExecutionPolicy;
  readonly isFilePresent: boolean;
  /** Why the file was not followed; null when it was, or when there is none. */
  readonly problem: string | null;
}

const patchOnly: ExecutionPolicy = { mode: 'patch-only', documents: [] };
const rootUser = 0;

/** Where the policy of this host stands. A root file system's stands in its agent's state directory. */
export const hostPolicyFile = '/etc/patchbay/policy.json';

/**
 * Reads the policy as it is now. A file that anyone but root could have written says nothing: patch-only holds then,
 * and the problem says why.
 */
export function readNodePolicy(path: string): PolicyReading {
  try {
    const directory = lstatSync(dirname(path), { throwIfNoEntry: false });
    const file = lstatSync(path, { throwIfNoEntry: false });
    if (directory === undefined || file === undefined)
      return { policy: patchOnly, isFilePresent: false, problem: null };
    const problem = describeUntrusted(path, directory, file);
    if (problem !== null) return { policy: patchOnly, isFilePresent: true, problem };
    const parsed = ExecutionPolicy.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (parsed.success) return { policy: parsed.data, isFilePresent: true, problem: null };
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') || 'the whole';
    const text = `${path} is not a policy: ${issue?.message ?? ''} (${where})`;
    return { policy: patchOnly, isFilePresent: true, problem: text };
  } catch (error) {
    return { policy: patchOnly, isFilePresent: true, problem: `${path} cannot be read: ${describeError(error)}` };
  }
}

function describeUntrusted(path: string, directory: Stats, file: Stats): string | null {
  if (!file.isFile()) return `${path} is not a regular file`;
  if (!directory.isDirectory()) return `${dirname(path)} is not a directory`;
  for (const [name, status] of [
    [path, file],
    [dirname(path), directory],
  ] as const) {
    if (status.uid !== rootUser) return `${name} belongs to user ${status.uid} and not to root`;
    if ((status.mode & 0o022) !== 0) return `${name} can be written by others than root; use chmod go-w`;
  }
  return null;
}

/** Whether a document's own content may run; a sentence for the refusal when not. */
export function explainForbiddenDocument(reading: PolicyReading, documentName: string, path: string): string | null {
  const { policy, isFilePresent, problem } = reading;
  if (policy.mode === 'full') return null;
  if (policy.mode === 'documents' && policy.documents.includes(documentName)) return null;
  const allowed = policy.mode === 'documents' ? ['patching', ...policy.documents].join(', ') : 'patching only';
  const source =
    problem !== null
      ? `its policy file is not followed (${problem}), and so only patching is allowed`
      : isFilePresent
        ? `its policy file ${path} allows ${allowed}`
        : `it has no policy file ${path}, and so only patching is allowed`;
  return `This node does not run ${documentName}: ${source}. The owner of the node can change that; the control plane cannot.`;
}
