import { cpus } from 'node:os';
import { type BillContents, billFormats } from '@patchbay/sbom';

/**
 * Bills of materials of one image, facts in memory.
 * Run: node bench/bills-of-materials.ts
 */
const packageCount = 600;
const runs = 50;

const contents: BillContents = {
  subject: { name: 'registry.example/base/debian', version: '1.0.0', digest: `sha256:${'0'.repeat(64)}` },
  operatingSystem: {
    id: 'debian',
    versionId: '12',
    codename: 'bookworm',
    prettyName: 'Debian GNU/Linux 12',
    operatingSystem: 'DEBIAN',
    product: 'Debian12',
  },
  installed: {
    packages: Array.from({ length: packageCount }, (_, index) => ({
      name: `package-${index}`,
      architecture: 'amd64',
      version: `1.${index}-1+deb12u1`,
      source: `source-${index >> 1}`,
      sourceVersion: `1.${index}-1+deb12u1`,
      section: 'libs',
      priority: 'optional',
    })),
  },
  createdAt: new Date(0),
  patchbayVersion: '0.1.0',
};

console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}; ${packageCount} packages`);
for (const { id, write } of billFormats) {
  const milliseconds = Array.from({ length: runs }, () => {
    const start = performance.now();
    write(contents);
    return performance.now() - start;
  });
  const [first = Number.NaN] = milliseconds;
  const median = milliseconds.toSorted((left, right) => left - right)[runs >> 1] ?? Number.NaN;
  const kilobytes = Math.round(write(contents).length / 1000);
  console.log(`${id.padEnd(10)} first ${first.toFixed(1)} ms, median ${median.toFixed(1)} ms, ${kilobytes} kB`);
}
