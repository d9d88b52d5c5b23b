import { z } from 'zod';
import { PackageName } from './package-facts.ts';

/** The operating systems of AWS's Patch Manager (SSM API, enum OperatingSystem). */
export const OperatingSystem = z.enum([
  'WINDOWS',
  'AMAZON_LINUX',
  'AMAZON_LINUX_2',
  'AMAZON_LINUX_2022',
  'AMAZON_LINUX_2023',
  'UBUNTU',
  'REDHAT_ENTERPRISE_LINUX',
  'SUSE',
  'CENTOS',
  'ORACLE_LINUX',
  'DEBIAN',
  'MACOS',
  'RASPBIAN',
  'ROCKY_LINUX',
  'ALMA_LINUX',
]);
export type OperatingSystem = z.infer<typeof OperatingSystem>;

/** What os-release says, and what Patch Manager calls it. */
export const OperatingSystemFacts = z.object({
  /** `ID` of os-release: `debian`. */
  id: z.string(),
  /** `VERSION_ID`: `12`; empty where there is none (testing, unstable). */
  versionId: z.string(),
  /** `VERSION_CODENAME`: `bookworm`. */
  codename: z.string(),
  prettyName: z.string(),
  /** Null for a system that Patchbay does not know: it is then unknown, never compliant. */
  operatingSystem: OperatingSystem.nullable(),
  /** The PRODUCT that filters compare with: `Debian12`. */
  product: z.string(),
});
export type OperatingSystemFacts = z.infer<typeof OperatingSystemFacts>;

/** One stanza of apt's preferences, with where it stands. */
export const Pin = z.object({
  file: z.string(),
  packages: z.string(),
  pin: z.string(),
  priority: z.number().int(),
  explanation: z.string(),
});
export type Pin = z.infer<typeof Pin>;

/** What the owner of the machine decided about its packages. */
export const NodePolicy = z.object({
  architecture: z.string().min(1),
  foreignArchitectures: z.array(z.string()),
  holds: z.array(PackageName),
  pins: z.array(Pin),
  /** Packages that came as dependencies: their mark must survive patching. */
  automatic: z.array(PackageName),
});
export type NodePolicy = z.infer<typeof NodePolicy>;

/** A package that the last install wanted and did not get. */
export const FailedPackage = PackageName.extend({ version: z.string(), reason: z.string() });
export type FailedPackage = z.infer<typeof FailedPackage>;

/** A unit, or a program outside of every unit, that runs code which is not on the disk any more (needrestart's question). */
export const ReplacedFileUse = z.object({
  /** Null for what belongs to no service: login sessions, say. */
  unit: z.string().nullable(),
  processes: z.array(z.object({ pid: z.number().int(), name: z.string() })),
  files: z.array(z.string()),
});
export type ReplacedFileUse = z.infer<typeof ReplacedFileUse>;

/** The last days of support of a release (`YYYY-MM-DD`, the whole UTC day included), as the machine's own data has them. */
export const EndOfSupport = z.object({
  standard: z.string(),
  /** Debian's LTS, in the same archives; null where there is none. */
  longTerm: z.string().nullable(),
  /** ELTS or ESM, in archives of their own. */
  extended: z.string().nullable(),
  /** The file that says so. */
  source: z.string(),
});
export type EndOfSupport = z.infer<typeof EndOfSupport>;

/**
 * The image that a machine was made from, as its builder wrote it into the image: the recipe, and a digest of all that went in.
 * Builds of the same things have the same origin, so that they are the same image byte for byte.
 */
export const ImageOrigin = z.object({
  recipeArn: z.string().min(1).max(1024),
  originId: z.string().regex(/^sha256:[0-9a-f]{64}$/),
});
export type ImageOrigin = z.infer<typeof ImageOrigin>;

/** What is true of one machine at one moment and shared with no other. */
export const NodeOverlay = z.object({
  /** The machine's own clock, ISO 8601: shown, never used to decide. */
  agentClock: z.string(),
  /** Empty in a root file system, which has no boot. */
  bootId: z.string(),
  machineIdHash: z.string(),
  runningKernel: z.string(),
  /** Why a reboot is due; empty when none is. */
  rebootReasons: z.array(z.string()),
  /** What was installed since the last boot, by Patchbay or by others, and needs a reboot to take effect. */
  pendingReboot: z.array(PackageName),
  failures: z.array(FailedPackage),
  /** Packages that dpkg left half done (`half-configured`, `triggers-pending`, …). */
  unconfigured: z.array(PackageName.extend({ state: z.string() })),
  /** Packages whose newer version the package manager holds back because its phased rollout has not reached this machine. */
  phased: z.array(PackageName),
  // What follows is absent where nobody could look: in a root file system, without root, from an older agent.
  /** Units of systemd that have failed. */
  failedUnits: z.array(z.string()).optional(),
  replacedFileUses: z.array(ReplacedFileUse).optional(),
  /** Programs beside Patchbay that install updates here by themselves, each in one sentence. */
  otherPatchers: z.array(z.string()).optional(),
  /** How far the machine's clock is ahead of the control plane's (behind: negative), where it was compared. */
  clockAheadSeconds: z.number().optional(),
  endOfSupport: EndOfSupport.optional(),
  /** `APT::Default-Release`. It is a policy; but with the policy's digest older control planes could not read it. */
  defaultRelease: z.string().optional(),
  /** Absent for a machine that was not made from an image of Patchbay's. */
  image: ImageOrigin.optional(),
});
export type NodeOverlay = z.infer<typeof NodeOverlay>;
