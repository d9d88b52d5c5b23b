import type { Rebooter } from '../machine/index.ts';

export interface TestRebooter extends Rebooter {
  /** How often a reboot was asked for. */
  requests: number;
  bootId: string;
}

/** A host that reboots at once, refuses with a reason, or takes the request and never reboots. */
export function createTestRebooter(behaviour: 'reboots' | 'refuses' | 'stays'): TestRebooter {
  const rebooter: TestRebooter = {
    requests: 0,
    bootId: 'boot-1',
    readBootId: () => rebooter.bootId,
    request: async () => {
      rebooter.requests += 1;
      if (behaviour === 'refuses') return 'systemctl reboot: Access denied';
      if (behaviour === 'reboots') rebooter.bootId = `boot-${rebooter.requests + 1}`;
      return null;
    },
  };
  return rebooter;
}
