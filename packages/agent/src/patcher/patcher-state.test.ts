import { describe, expect, it } from 'vitest';
import { emptyPatcherState, type PatcherState, recordInstall } from './patcher-state.ts';

const bash = { name: 'bash', architecture: 'amd64' };
const kernel = { name: 'linux-image-6.1.0-22-amd64', architecture: 'amd64' };
const boot = (bootId: string) => ({ bootId, needsReboot: (name: string) => name.startsWith('linux-image') });

describe('recordInstall', () => {
  it('remembers a failure until the package goes in', () => {
    const failed = recordInstall(
      emptyPatcherState,
      [{ ...bash, version: '2', failure: 'its script failed' }],
      boot('b'),
    );
    expect(failed.failures).toEqual([{ ...bash, version: '2', reason: 'its script failed' }]);
    const other = recordInstall(failed, [{ ...kernel, version: '1', failure: null }], boot('b'));
    expect(other.failures).toEqual(failed.failures);
    expect(recordInstall(failed, [{ ...bash, version: '2', failure: null }], boot('b')).failures).toEqual([]);
  });

  it('collects what waits for a reboot during one boot, and forgets it with the next', () => {
    const result = [{ ...kernel, version: '1', failure: null }];
    const once = recordInstall(emptyPatcherState, result, boot('first'));
    expect(once.pendingReboot).toEqual([kernel]);
    expect(recordInstall(once, result, boot('first')).pendingReboot).toEqual([kernel]);
    expect(recordInstall(once, [{ ...bash, version: '1', failure: null }], boot('second')).pendingReboot).toEqual([]);
  });

  it('lets nothing wait in a root directory, which has no boot', () => {
    const before: PatcherState = emptyPatcherState;
    expect(recordInstall(before, [{ ...kernel, version: '1', failure: null }], boot('')).pendingReboot).toEqual([]);
  });
});
