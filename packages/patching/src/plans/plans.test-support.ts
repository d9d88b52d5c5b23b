import type { SimulatedChange } from '@patchbay/facts';
import { securityKey } from '../evaluation/sample-machine.ts';

/** An upgrade from a security archive, as apt's simulation tells it. */
export function simulatedChange(name: string, extra: Partial<SimulatedChange> = {}): SimulatedChange {
  return {
    name,
    architecture: 'amd64',
    action: 'upgrade',
    fromVersion: '1',
    toVersion: '2',
    origins: 'Debian-Security:12/oldstable-security',
    filename: `pool/${name}_2.deb`,
    sizeBytes: 1000,
    sha256: 'a'.repeat(64),
    archive: securityKey,
    indexDigest: 'sha256:1',
    ...extra,
  };
}
