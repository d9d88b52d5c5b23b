import type { CommandDocument } from '@patchbay/patching';
import type { ColumnType, Generated } from 'kysely';

export interface CommandTarget {
  readonly key: string;
  readonly values: readonly string[];
}

/** One SendCommand. Its state is derived from its invocations and stored by whoever changes one of them. */
export interface CommandsTable {
  accountId: string;
  region: string;
  commandId: string;
  documentName: string;
  documentVersion: string;
  comment: string;
  parameters: ColumnType<Record<string, string[]>, string, never>;
  instanceIds: ColumnType<string[], string, never>;
  targets: ColumnType<CommandTarget[], string, never>;
  timeoutSeconds: number;
  maxConcurrency: string;
  maxErrors: string;
  requestedBy: string;
  requestedAt: Date;
  expiresAfter: Date;
  status: string;
  statusDetails: string;
  targetCount: number;
  completedCount: Generated<number>;
  errorCount: Generated<number>;
  deliveryTimedOutCount: Generated<number>;
  /** A freeze keeps it from nodes that have not got it; false for what only looks. */
  isChange: Generated<boolean>;
  /** Ids of the freezes that its sender had leave to override. */
  overriddenFreezes: ColumnType<string[], string | undefined, never>;
}

/** What a command runs, as it was when it was sent: a document that changes or goes meanwhile changes no command. */
export interface CommandDocumentsTable {
  accountId: string;
  region: string;
  commandId: string;
  requestedAt: Date;
  /** Of schema 2.2, in the order in which it was written. */
  content: ColumnType<CommandDocument, string, never>;
  /** What its steps run, by the names under which they name it. */
  nested: ColumnType<Record<string, CommandDocument>, string, never>;
  /** The bare names of all of them. */
  documentNames: string[];
}

/** A command on one node. */
export interface CommandInvocationsTable {
  accountId: string;
  region: string;
  commandId: string;
  instanceId: string;
  instanceName: string;
  status: string;
  statusDetails: string;
  traceOutput: Generated<string>;
  requestedAt: Date;
  /** When it may go out: null while concurrency holds it back. */
  dispatchedAt: Date | null;
  /** Handed out and not yet acknowledged until then; afterwards it is handed out again. */
  visibleAt: Date | null;
  acknowledgedAt: Date | null;
  finishedAt: Date | null;
  deliveryExpiresAt: Date;
  /** Set once somebody cancelled what may be on the node: the id of the message that tells the agent. */
  cancelId: Generated<string | null>;
  cancelVisibleAt: Generated<Date | null>;
  cancelAcknowledgedAt: Generated<Date | null>;
  /** When the node's last word came, also where that was after the end. */
  answeredAt: Generated<Date | null>;
}

/** One step of an invocation with its output, whole. Partitioned by month of `requestedAt`. */
export interface CommandPluginsTable {
  accountId: string;
  requestedAt: Date;
  commandId: string;
  instanceId: string;
  /** The step's name; its position in the document orders them. */
  pluginName: string;
  position: number;
  action: string;
  status: string;
  responseCode: number;
  startedAt: Date | null;
  finishedAt: Date | null;
  standardOutput: string;
  standardError: string;
  /** How long an output is that does not fit into a reply and is uploaded apart; null where the reply held it all. */
  wholeOutputBytes: Generated<number | null>;
  wholeErrorBytes: Generated<number | null>;
}

/** A part of such an output. Partitioned by month of `requestedAt`. */
export interface CommandOutputsTable {
  accountId: string;
  requestedAt: Date;
  commandId: string;
  instanceId: string;
  pluginName: string;
  stream: 'stdout' | 'stderr';
  startByte: number;
  endByte: number;
  content: Buffer;
}

export interface CommandTables {
  commands: CommandsTable;
  commandDocuments: CommandDocumentsTable;
  commandInvocations: CommandInvocationsTable;
  commandPlugins: CommandPluginsTable;
  commandOutputs: CommandOutputsTable;
}
