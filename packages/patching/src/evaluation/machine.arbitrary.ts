import type { InstalledPackage, NodeFacts, Offer, PatchBaseline, PatchRule } from '@patchbay/facts';
import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  date,
  integer,
  oneof,
  option,
  record,
  subarray,
  uniqueArray,
} from 'fast-check';
import type { ReleaseRecord } from '../approval-clock/release-date.ts';
import { archive, debianBaseline, installedPackage, machineFacts, offeredVersion } from './sample-machine.ts';

/** Test support: small machines, histories and baselines in which every rule has something to decide. */
const NAMES = ['bash', 'curl', 'linux-image-amd64', 'openssl', 'zsh'];
const VERSIONS = ['1', '1+b1', '2', '3', '1:1'];
const SECTIONS = ['libs', 'net', 'kernel'];
const PRIORITIES = ['required', 'optional'];
const keys = [0, 1, 2].map((position) => {
  const { address } = archive(position);
  return `${address.uri} ${address.suite}/${address.component} ${address.architecture}`;
});

const instant: Arbitrary<Date> = date({
  min: new Date('2026-11-01T00:00:00Z'),
  max: new Date('2026-11-20T12:00:00Z'),
  noInvalidDate: true,
});

function offerOf(installed: InstalledPackage): Arbitrary<Offer> {
  return record({
    // Newest first in dpkg's order, as a node reports them.
    versions: subarray(VERSIONS.toReversed(), { minLength: 1 }),
    archives: array(uniqueArray(constantFrom(0, 1, 2), { minLength: 1 }), { minLength: 5, maxLength: 5 }),
    section: constantFrom(...SECTIONS),
    candidate: integer({ min: -1, max: 4 }),
    pinPriority: constantFrom(500, 100, -1),
    phasedUpdatePercentage: constantFrom(null, null, 10, 100),
  }).map(({ versions, archives, section, candidate, pinPriority, phasedUpdatePercentage }) => ({
    name: installed.name,
    architecture: installed.architecture,
    candidate: candidate === -1 ? null : (versions[Math.min(candidate, versions.length - 1)] ?? null),
    versions: versions.map((version, index) =>
      offeredVersion(installed.name, version, archives[index] ?? [0], {
        section,
        sourceVersion: version.replace('+b1', ''),
        pinPriority: index === 0 ? pinPriority : 500,
        phasedUpdatePercentage: index === 0 ? phasedUpdatePercentage : null,
      }),
    ),
  }));
}

const installedArbitrary: Arbitrary<InstalledPackage[]> = uniqueArray(
  record({
    name: constantFrom(...NAMES),
    version: constantFrom('1', '2'),
    section: constantFrom(...SECTIONS),
    priority: constantFrom(...PRIORITIES),
  }).map(({ name, version, section, priority }) => installedPackage(name, version, { section, priority })),
  { selector: ({ name }) => name, minLength: 1 },
);

/** The facts of a bookworm machine with a main, a security and a vendor archive, all current. */
export const machineArbitrary: Arbitrary<NodeFacts> = installedArbitrary.chain((installed) => {
  const names = installed.map(({ name, architecture }) => ({ name, architecture }));
  return record({
    offers: array(oneof(...installed.map(offerOf))),
    holds: subarray(names),
    phased: subarray(names),
    pendingReboot: subarray(names),
    failures: subarray(names.map((name) => ({ ...name, version: '2', reason: 'postinst' }))),
  }).map(({ offers, holds, phased, pendingReboot, failures }) =>
    machineFacts({
      installed,
      offers: [...new Map(offers.map((offer) => [offer.name, offer])).values()],
      policy: { holds },
      overlay: { phased, pendingReboot, failures },
    }),
  );
});

/** What a control plane may have recorded about those packages, each version of an archive once. */
export const historyArbitrary: Arbitrary<ReleaseRecord[]> = uniqueArray(
  record({
    archiveKey: constantFrom(...keys),
    source: constantFrom(...NAMES),
    sourceVersion: constantFrom('1', '2', '3', '1:1'),
    rung: constantFrom('first-seen' as const, 'first-seen' as const, 'undated' as const),
    firstSeenAt: instant.map((value) => value.toISOString()),
  }),
  { selector: ({ archiveKey, source, sourceVersion }) => `${archiveKey} ${source} ${sourceVersion}`, maxLength: 30 },
);

export const ruleArbitrary: Arbitrary<PatchRule> = record({
  sections: option(subarray(['Libs', 'net', 'kern*'], { minLength: 1 }), { nil: null }),
  product: constantFrom('*', 'Debian12', 'Debian1*', 'Debian11'),
  days: oneof(integer({ min: 0, max: 20 }), constant(null)),
  complianceLevel: constantFrom('CRITICAL' as const, 'LOW' as const, 'UNSPECIFIED' as const),
  enableNonSecurity: boolean(),
}).map(({ sections, product, days, complianceLevel, enableNonSecurity }) => ({
  patchFilterGroup: {
    patchFilters: [
      { key: 'PRODUCT' as const, values: [product] },
      ...(sections === null ? [] : [{ key: 'SECTION' as const, values: sections }]),
    ],
  },
  ...(days === null ? { approveUntilDate: '2026-11-10' } : { approveAfterDays: days }),
  complianceLevel,
  enableNonSecurity,
}));

export const baselineArbitrary: Arbitrary<PatchBaseline> = record({
  patchRules: array(ruleArbitrary, { maxLength: 3 }),
  approvedPatches: subarray(['bash', 'linux-*', 'zsh.amd64']),
  approvedPatchesEnableNonSecurity: boolean(),
  rejectedPatches: subarray(['curl', '*ssl', 'zsh']),
  rejectedPatchesAction: constantFrom('BLOCK' as const, 'ALLOW_AS_DEPENDENCY' as const),
}).map(({ patchRules, ...members }) => debianBaseline({ ...members, approvalRules: { patchRules } }));
