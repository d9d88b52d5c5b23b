import type { ColumnType, Generated } from 'kysely';

/** A managed node. Its identity is its key, never its host name. A deregistered node keeps its row and its history. */
export interface NodesTable {
  accountId: string;
  region: string;
  instanceId: string;
  activationId: string;
  iamRole: string;
  name: string | null;
  /** DER SubjectPublicKeyInfo in base64. */
  publicKey: string;
  publicKeyType: string;
  fingerprint: string;
  registrationDate: Date;
  deregisteredAt: Date | null;
  lastPingAt: Date | null;
  agentName: string | null;
  agentVersion: string | null;
  platformType: string | null;
  platformName: string | null;
  platformVersion: string | null;
  ipAddress: string | null;
  computerName: string | null;
  /** The node that this machine was before it enrolled again. */
  previousInstanceId: Generated<string | null>;
  machineIdHash: Generated<string | null>;
  bootId: Generated<string | null>;
  /** One life of the agent: its process, or the boot of its machine, whichever is shorter. */
  agentRunId: Generated<string | null>;
  /** Lives that are over, newest last: one of them that speaks again is a second machine. */
  earlierRunIds: ColumnType<string[], string | undefined, string>;
  /** The agent's clock less ours; shown, never used to decide. */
  clockSkewSeconds: Generated<number | null>;
  presenceAt: Generated<Date | null>;
  /** Since when its agent has said goodbye; null again with the next ping. */
  stoppedAt: Generated<Date | null>;
  quarantinedAt: Generated<Date | null>;
  quarantineReason: Generated<string | null>;
  archivedAt: Generated<Date | null>;
}

export interface NodeTables {
  nodes: NodesTable;
}
