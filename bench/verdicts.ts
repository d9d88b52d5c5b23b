import { cpus } from 'node:os';
import type { NodeFacts, Offer } from '@patchbay/facts';
import {
  compileBaseline,
  countPatches,
  defaultEvaluationSettings,
  emptyReleaseHistory,
  evaluate,
  predefinedBaselineFor,
} from '@patchbay/patching';

/**
 * Verdicts of a fleet after a baseline change: facts in memory, nothing cached. Nodes that share facts share the
 * verdict, so what costs is the number of distinct sets; every node gets its counts.
 * Run: node bench/verdicts.ts
 */
const nodeCount = 100_000;
const setCount = 2_000;
const packageCount = 600;
const outdatedShare = 0.05;

function makeFacts(seed: number): NodeFacts {
  const packages = Array.from({ length: packageCount }, (_, index) => ({
    name: `package-${index}`,
    architecture: 'amd64',
    version: `1.${index % 7}.${(index + seed) % 50}-1+deb12u1`,
    source: `source-${index >> 1}`,
    sourceVersion: `1.${index % 7}.${(index + seed) % 50}-1+deb12u1`,
    section: 'libs',
    priority: 'optional',
  }));
  const offers: Offer[] = packages.map((each, index) => {
    const isOutdated = (index * 7919 + seed * 104_729) % 1000 < outdatedShare * 1000;
    const version = (text: string, archive: number) => ({
      version: text,
      source: each.source,
      sourceVersion: text,
      section: each.section,
      priority: each.priority,
      archives: [archive],
      pinPriority: 500,
      phasedUpdatePercentage: null,
      filename: `pool/${each.name}.deb`,
      sizeBytes: 100_000,
      sha256: '0'.repeat(64),
    });
    const newer = `${each.version.slice(0, -1)}2`;
    const versions = isOutdated ? [version(newer, 1), version(each.version, 0)] : [version(each.version, 0)];
    return { name: each.name, architecture: each.architecture, candidate: versions[0]?.version ?? null, versions };
  });
  const archive = (label: string, suite: string) => ({
    address: { uri: `http://archive.example/${suite}`, suite, component: 'main', architecture: 'amd64' },
    status: 'current' as const,
    reason: null,
    release: { origin: 'Debian', label, suite, codename: suite, date: null, validUntil: null },
    indexDigest: `sha256:${suite}`,
  });
  return {
    operatingSystem: {
      id: 'debian',
      versionId: '12',
      codename: 'bookworm',
      prettyName: 'Debian GNU/Linux 12',
      operatingSystem: 'DEBIAN',
      product: 'Debian12',
    },
    installed: { packages },
    offers: { archives: [archive('Debian', 'bookworm'), archive('Debian-Security', 'bookworm-security')], offers },
    policy: { architecture: 'amd64', foreignArchitectures: [], holds: [], pins: [], automatic: [] },
    overlay: {
      agentClock: '',
      bootId: '',
      machineIdHash: '',
      runningKernel: '',
      rebootReasons: [],
      pendingReboot: [],
      failures: [],
      unconfigured: [],
      phased: [],
    },
  };
}

const distinct = Array.from({ length: setCount }, (_, seed) => makeFacts(seed));
const nodes = Array.from({ length: nodeCount }, (_, index) => index % setCount);
const now = new Date();

const began = performance.now();
const baseline = compileBaseline(predefinedBaselineFor('DEBIAN'), 2);
const answers = distinct.map((facts) => {
  const verdict = evaluate({
    facts,
    factsReceivedAt: now,
    baseline,
    history: emptyReleaseHistory,
    simulation: null,
    now,
    settings: defaultEvaluationSettings,
  });
  return { status: verdict.status, counts: countPatches(verdict) };
});
let missing = 0;
let nonCompliant = 0;
for (const set of nodes) {
  const answer = answers[set];
  missing += answer?.counts.missingCount ?? 0;
  nonCompliant += answer?.status === 'non-compliant' ? 1 : 0;
}
const seconds = (performance.now() - began) / 1000;

console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`);
console.log(
  `${nodeCount} nodes x ${packageCount} packages in ${setCount} distinct sets: ${seconds.toFixed(2)} s on one core (aim: 10 s on two)`,
);
console.log(`${nonCompliant} nodes are not compliant, ${missing} patches are missing`);
