import { z } from 'zod';

/** One message of GetMessages. */
export const Message = z.object({
  MessageId: z.string().min(1),
  Topic: z.string(),
  Payload: z.string(),
});
export type Message = z.infer<typeof Message>;

/** The payload of a sendCommand message; `PatchbayAuthorization` is what Patchbay adds to Amazon's form. */
export const CommandPayload = z.looseObject({
  CommandId: z.string(),
  DocumentName: z.string().min(1),
  DocumentContent: z.unknown(),
  Parameters: z.record(z.string(), z.array(z.string())),
  /** The documents that its steps run, by the names under which they name them. */
  PatchbayDocuments: z.record(z.string(), z.unknown()).optional(),
  PatchbayAuthorization: z.unknown().optional(),
});
export type CommandPayload = z.infer<typeof CommandPayload>;

export const CancelPayload = z.looseObject({ CancelMessageId: z.string() });

/** The command in `aws.ssm.<command id>.<node>`; null when the id has another form or names another node. */
export function readCommandId(messageId: string, instanceId: string): string | null {
  const match = /^aws\.ssm\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(.+)$/.exec(messageId);
  return match?.[2] === instanceId ? (match[1] ?? null) : null;
}

/** A JSON text as what it should be; null when it is not. */
export function parsePayload<Schema extends z.ZodType>(text: string, schema: Schema): z.output<Schema> | null {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // The caller refuses the message: what exactly is wrong with bytes that nobody vouches for does not matter.
    return null;
  }
}
