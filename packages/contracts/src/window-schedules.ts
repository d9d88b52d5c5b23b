import { z } from 'zod';
import { defineContract } from './contract.ts';

/** A maintenance window with its schedule as a person says it. */
export const WindowSchedule = z.object({
  windowId: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  /** `At 02:00 on Sundays, Europe/Berlin` */
  inWords: z.string(),
  /** The next times at which it opens, on the wall clock of its zone. */
  next: z.array(z.string()),
});
export type WindowSchedule = z.infer<typeof WindowSchedule>;

/** When maintenance windows open, in words. There are few of them, so that the list has no pages. */
export const ListWindowSchedules = defineContract(
  'ListWindowSchedules',
  'person',
  z.object({ count: z.number().int().min(1).max(100).default(3) }),
  z.object({ windows: z.array(WindowSchedule) }),
);
