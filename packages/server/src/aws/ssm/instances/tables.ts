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
}

export interface NodeTables {
  nodes: NodesTable;
}
