import { z } from 'zod';
import { defineContract } from './contract.ts';
import { TagLimit } from './identity-operations.ts';

const Timestamp = z.iso.datetime({ offset: true });
const Name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'A name is letters, digits, dot, dash, underscore');
const Reason = z.string().trim().min(1).max(1000);

/** Once from one moment to another, or again and again. */
export const FreezeTime = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('once'), startsAt: Timestamp, endsAt: Timestamp }),
  z.object({
    kind: z.literal('recurring'),
    schedule: z.string().min(1).max(256),
    scheduleTimezone: z.string().min(1).max(64).default('UTC'),
    durationHours: z.number().int().positive(),
  }),
]);

/** Leave to change something in spite of a freeze, for one person or one maintenance window, for a while. */
export const FreezeOverride = z.object({
  /** The ARN of the person or the window. */
  principal: z.string(),
  reason: z.string(),
  createdBy: z.string(),
  createdAt: Timestamp,
  until: Timestamp,
});
export type FreezeOverride = z.infer<typeof FreezeOverride>;

export const ChangeFreeze = z.object({
  name: z.string(),
  reason: z.string(),
  time: FreezeTime,
  /** Only nodes that carry all of these tags; empty for the whole account. */
  tagLimits: z.array(TagLimit),
  createdBy: z.string(),
  createdAt: Timestamp,
  /** When it ends, where it holds now. */
  holdsUntil: Timestamp.nullable(),
  /** Those that have not run out. */
  overrides: z.array(FreezeOverride),
});
export type ChangeFreeze = z.infer<typeof ChangeFreeze>;

export const CreateChangeFreeze = defineContract(
  'CreateChangeFreeze',
  'person',
  z.object({ name: Name, reason: Reason, time: FreezeTime, tagLimits: z.array(TagLimit).max(5).default([]) }),
  z.object({ freeze: ChangeFreeze }),
);

export const ListChangeFreezes = defineContract(
  'ListChangeFreezes',
  'person',
  z.object({}),
  z.object({ freezes: z.array(ChangeFreeze) }),
);

/** Ends a freeze for good. What it refused stays refused. */
export const DeleteChangeFreeze = defineContract(
  'DeleteChangeFreeze',
  'person',
  z.object({ name: Name }),
  z.object({}),
);

/** Lets the caller, or a maintenance window, change things in spite of a freeze, for some hours. */
export const OverrideChangeFreeze = defineContract(
  'OverrideChangeFreeze',
  'person',
  z.object({
    name: Name,
    reason: Reason,
    hours: z.number().int().min(1).max(72).default(1),
    windowId: z
      .string()
      .regex(/^mw-[0-9a-f]{17}$/)
      .optional(),
  }),
  z.object({ freeze: ChangeFreeze }),
);

/** Whether anything starts at all: no command reaches a node while starts are stopped. */
export const StartState = z.object({
  stopped: z.object({ reason: z.string(), stoppedBy: z.string(), stoppedAt: Timestamp }).nullable(),
});
export type StartState = z.infer<typeof StartState>;

export const StopStarts = defineContract('StopStarts', 'person', z.object({ reason: Reason }), StartState);
export const ResumeStarts = defineContract('ResumeStarts', 'person', z.object({ reason: Reason }), StartState);
export const GetStartState = defineContract('GetStartState', 'person', z.object({}), StartState);
