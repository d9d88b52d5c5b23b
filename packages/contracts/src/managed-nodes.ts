import { z } from 'zod';
import { defineContract } from './contract.ts';

const InstanceId = z.string().regex(/^mi-[0-9a-f]{17}$/);
const Timestamp = z.iso.datetime();
/** Ids that a kernel or an agent makes: short texts, compared and never read. */
const Mark = z.string().max(128);

/**
 * What Amazon's protocol lacks in a ping: which machine speaks, and since when. An agent that stops says so with it, and
 * learns from the answer when it is in quarantine.
 */
export const ReportPresence = defineContract(
  'ReportPresence',
  'node',
  z.object({
    state: z.enum(['running', 'stopping']),
    /** New with every start of the agent. */
    agentRunId: Mark.min(1),
    /** Empty in a root file system, which has no boot. */
    bootId: Mark,
    machineIdHash: Mark,
    /** The agent's own clock: shown, never used to decide. */
    agentClock: Timestamp,
  }),
  z.object({ quarantineReason: z.string().nullable() }),
);

export const ManagedNode = z.object({
  instanceId: InstanceId,
  name: z.string().nullable(),
  state: z.enum(['online', 'connection-lost', 'never-reported', 'archived', 'deregistered']),
  quarantine: z.object({ since: Timestamp, reason: z.string() }).nullable(),
  registeredAt: Timestamp,
  deregisteredAt: Timestamp.nullable(),
  lastPingAt: Timestamp.nullable(),
  /** Since when its agent is stopped; null while it runs or is silent without a word. */
  stoppedAt: Timestamp.nullable(),
  archivedAt: Timestamp.nullable(),
  agentVersion: z.string().nullable(),
  clockSkewSeconds: z.number().int().nullable(),
  /** The node that this machine was before, and the one that it became: their histories belong together. */
  previousInstanceId: InstanceId.nullable(),
  nextInstanceId: InstanceId.nullable(),
});
export type ManagedNode = z.infer<typeof ManagedNode>;

/** One node, also when it is archived or deregistered. */
export const GetNode = defineContract('GetNode', 'person', z.object({ instanceId: InstanceId }), ManagedNode);

/** All nodes in the order of their ids; archived and deregistered ones where asked for. */
export const ListManagedNodes = defineContract(
  'ListManagedNodes',
  'person',
  z.object({
    includeArchived: z.boolean().default(false),
    includeDeregistered: z.boolean().default(false),
    maxResults: z.number().int().min(1).max(100).optional(),
    nextToken: z.string().optional(),
  }),
  z.object({ nodes: z.array(ManagedNode), nextToken: z.string().optional() }),
);

/** Gives a node another name; AWS knows a name only at activation. */
export const RenameNode = defineContract(
  'RenameNode',
  'person',
  z.object({ instanceId: InstanceId, name: z.string().trim().min(1).max(256) }),
  z.object({}),
);

/** Ends a quarantine: the machine that speaks next is the node. */
export const ReleaseNode = defineContract('ReleaseNode', 'person', z.object({ instanceId: InstanceId }), z.object({}));
