import { z } from 'zod';

/** A package as one exact name and architecture, in dpkg's spelling: `libc6` and `amd64`. */
export const PackageName = z.object({ name: z.string().min(1), architecture: z.string().min(1) });
export type PackageName = z.infer<typeof PackageName>;

/** One package that is on the disk of a machine, with the source package that it was built from. */
export const InstalledPackage = PackageName.extend({
  version: z.string().min(1),
  source: z.string().min(1),
  sourceVersion: z.string().min(1),
  /** As the archive classed it (`libs`, `kernel`); empty where the package does not say. */
  section: z.string(),
  /** `required`, `important`, `standard`, `optional`, `extra`; empty where the package does not say. */
  priority: z.string(),
});
export type InstalledPackage = z.infer<typeof InstalledPackage>;

/** All that is installed on a machine, sorted by name, then architecture. Its digest is its identity. */
export const InstalledSet = z.object({ packages: z.array(InstalledPackage) });
export type InstalledSet = z.infer<typeof InstalledSet>;

/** One version that could be installed in place of (or is the same as) the installed one. */
export const OfferedVersion = z.object({
  version: z.string().min(1),
  source: z.string().min(1),
  sourceVersion: z.string().min(1),
  section: z.string(),
  priority: z.string(),
  /** Positions in `Offers.archives` of the archives that carry exactly this version. */
  archives: z.array(z.number().int().nonnegative()),
  /** apt's priority of this version under the machine's preferences (apt_preferences(5)). */
  pinPriority: z.number().int(),
  phasedUpdatePercentage: z.number().int().min(0).max(100).nullable(),
  filename: z.string(),
  sizeBytes: z.number().int().nonnegative(),
  sha256: z.string(),
});
export type OfferedVersion = z.infer<typeof OfferedVersion>;

/** What the machine's archives offer for one installed package: the installed version, if they still carry it, and all newer ones. */
export const Offer = PackageName.extend({
  /** The version that the package manager would choose under the machine's preferences; null when there is none. */
  candidate: z.string().nullable(),
  /** Newest first. */
  versions: z.array(OfferedVersion),
});
export type Offer = z.infer<typeof Offer>;
