import { z } from 'zod';
import { Offers } from './archive.ts';
import { NodeOverlay, NodePolicy, OperatingSystemFacts } from './machine.ts';
import { InstalledSet } from './package-facts.ts';

/** All facts about one machine, whole: what `evaluate` reads and what a node reports. */
export const NodeFacts = z.object({
  operatingSystem: OperatingSystemFacts,
  installed: InstalledSet,
  offers: Offers,
  policy: NodePolicy,
  overlay: NodeOverlay,
});
export type NodeFacts = z.infer<typeof NodeFacts>;
