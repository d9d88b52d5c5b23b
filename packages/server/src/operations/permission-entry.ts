import type { Role } from '@patchbay/contracts';

/**
 * What a binding that is limited by tags may still do with a permission:
 * - `never`: nothing; it takes a binding over the whole account.
 * - `tagged-resource`: the one resource that the call names must carry the tags.
 * - `within-reach`: the operation itself shows and touches only what carries the tags, by `context.reach`.
 * - `shared`: what it shows belongs to everybody of the account, tags or not.
 */
export type LimitedUse = 'never' | 'tagged-resource' | 'within-reach' | 'shared';

export interface Rule {
  /** What the permissions let one do. */
  readonly what: string;
  readonly people: readonly Role[];
  readonly limited: LimitedUse;
  /** Nodes, with their own credentials, about themselves. */
  readonly nodes: boolean;
  /** Callers who have not said who they are. */
  readonly anybody: boolean;
}

export const nobody: readonly Role[] = [];
export const administrators: readonly Role[] = ['administrator'];
export const operators: readonly Role[] = ['administrator', 'operator'];
export const readers: readonly Role[] = ['administrator', 'operator', 'auditor'];

/** A rule with the permissions that it is about. */
export interface Entry extends Omit<Rule, 'nodes' | 'anybody'> {
  readonly nodes?: true;
  readonly anybody?: true;
  readonly permissions: readonly string[];
}
