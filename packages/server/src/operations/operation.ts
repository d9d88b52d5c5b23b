import type { Database } from '../database/tables.ts';
import type { Dependencies } from '../dependencies.ts';
import type { Reach, Resource } from './authorize.ts';
import type { Principal } from './principal.ts';
import type { Scope } from './scope.ts';

/** What an operation knows of the call that it serves. */
export interface OperationContext {
  readonly principal: Principal;
  /** What the caller may see and touch with this operation: lists and targets keep to it. */
  readonly reach: Reach;
  readonly accountId: string;
  readonly region: string;
  readonly requestId: string;
  readonly sourceAddress: string;
  /** Scheme and host by which the caller reached the server: addresses made for it begin so. */
  readonly origin: string;
  /** The moment of the call: the only clock that an operation reads. */
  readonly now: Date;
  /** The call's own transaction, or the bare database where the operation waits for something. */
  readonly db: Database;
  readonly dependencies: Dependencies;
  /** Aborted when the caller has gone away. */
  readonly signal: AbortSignal;
  /** Does something once the transaction is committed and before the caller is answered, on the bare database. */
  readonly afterCommit: (task: (db: Database) => Promise<unknown>) => void;
}

/** Domain error code → AWS error code. What is not in it is a fault of ours. */
export type ErrorTable = Readonly<Record<string, string>>;

/** One operation as the registry holds it, behind whichever protocol it is called. */
export interface Operation<Input, Output> {
  readonly handle: (input: Input, context: OperationContext) => Promise<Output>;
  /** What it acts on, for authorization and audit. Without it: the account's resources at large. */
  readonly resource?: (input: Input, context: OperationContext) => Resource | Promise<Resource>;
  /** Permissions that it takes besides its own, because of what the input asks for. */
  readonly needs?: (input: Input) => readonly string[];
  /** For calls that nobody signed: whose account and region they are about, if anybody's. */
  readonly scope?: (input: Input, context: OperationContext) => Promise<Scope | undefined>;
  readonly errors?: ErrorTable;
  /** How the caller proves who it is: an ordinary signature, a node's key, or nothing at all. */
  readonly authentication?: 'signature' | 'role-token' | 'none';
  /**
   * Whether it runs in one transaction with its audit event: by default everything but Describe…, Get… and List…. False
   * for an operation that waits, since it must not hold a transaction meanwhile; true for one that reads and writes.
   */
  readonly isTransactional?: boolean;
  /** True for a poll that is held until there is something: how long it takes says nothing. */
  readonly isWaiting?: boolean;
  /** The agents' data plane is counted, not audited. */
  readonly isAudited?: boolean;
}

/** What operations answer that have nothing to say. */
export type EmptyResult = Readonly<Record<string, never>>;

/** Lets the types of input and output be read off the handler. */
export function operation<Input, Output>(definition: Operation<Input, Output>): Operation<Input, Output> {
  return definition;
}
