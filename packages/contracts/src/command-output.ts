import { z } from 'zod';
import { defineContract } from './contract.ts';

export const OutputStream = z.enum(['stdout', 'stderr']);
export type OutputStream = z.infer<typeof OutputStream>;

/** Raw bytes of one call: base64 makes them a third longer, and a request holds 8 MiB. */
export const mostChunkBytes = 1024 * 1024;
/** What is kept of one stream of one step at most. */
export const mostOutputBytes = 10 * 1024 * 1024;

/**
 * Hands in a part of an output that is longer than a reply holds. What the server has already is not stored twice: the
 * answer says where to go on, and that it wants no more where its limit is reached.
 */
export const UploadCommandOutput = defineContract(
  'UploadCommandOutput',
  'node',
  z.object({
    commandId: z.uuid(),
    stepName: z.string().min(1).max(128),
    stream: OutputStream,
    startByte: z.number().int().nonnegative().max(mostOutputBytes),
    /** Base64. */
    content: z.base64().max(Math.ceil(mostChunkBytes / 3) * 4),
  }),
  z.object({ nextByte: z.number().int(), isFull: z.boolean() }),
);

/** Reads the output of one step of a command on one node, from a byte on. Call again from `nextByte` for the rest. */
export const GetCommandOutput = defineContract(
  'GetCommandOutput',
  'person',
  z.object({
    commandId: z.string(),
    instanceId: z.string(),
    /** May be left out where the document has one step. */
    stepName: z.string().optional(),
    stream: OutputStream.default('stdout'),
    startByte: z.number().int().nonnegative().default(0),
  }),
  z.object({
    stepNames: z.array(z.string()),
    /** Base64. */
    content: z.string(),
    nextByte: z.number().int(),
    /** The step has ended, and all that is kept of its output has been read. */
    isComplete: z.boolean(),
    /** How long the output is; null while the step runs. */
    wholeBytes: z.number().int().nullable(),
    statusDetails: z.string(),
  }),
);
