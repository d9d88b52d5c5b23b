import { describe, expect, it } from 'vitest';
import { emptyPatcherState, findPendingReboot, notePendingReboot, recordInstall } from './patcher-state.ts';

const bash = { name: 'bash', architecture: 'amd64' };
const libc = { name: 'libc6', architecture: 'amd64' };

describe('recordInstall', () => {
  it('remembers a failure until the package goes in', () => {
    const failed = recordInstall(emptyPatcherState, [{ ...bash, version: '2', failure: 'its script failed' }]);
    expect(failed.failures).toEqual([{ ...bash, version: '2', reason: 'its script failed' }]);
    const other = recordInstall(failed, [{ ...libc, version: '1', failure: null }]);
    expect(other.failures).toEqual(failed.failures);
    expect(recordInstall(failed, [{ ...bash, version: '2', failure: null }]).failures).toEqual([]);
  });
});

describe('what waits for a reboot', () => {
  const noted = notePendingReboot(emptyPatcherState, [{ ...libc, version: '2' }], 'first');

  it('is what was noted and is installed in that version', () => {
    expect(findPendingReboot(noted, 'first', [{ ...libc, version: '2' }])).toEqual([libc]);
  });

  it('is nothing where the noted version did not go in', () => {
    expect(findPendingReboot(noted, 'first', [{ ...libc, version: '1' }])).toEqual([]);
  });

  it('still is the version before, when a later one fails to go in', () => {
    const twice = notePendingReboot(noted, [{ ...libc, version: '3' }], 'first');
    expect(findPendingReboot(twice, 'first', [{ ...libc, version: '2' }])).toEqual([libc]);
  });

  it('is settled by another boot, and forgotten with the next note', () => {
    expect(findPendingReboot(noted, 'second', [{ ...libc, version: '2' }])).toEqual([]);
    expect(notePendingReboot(noted, [], 'second').pendingReboot).toEqual([]);
  });

  it('counts what an older agent noted without a version', () => {
    const old = { ...emptyPatcherState, bootId: 'first', pendingReboot: [libc] };
    expect(findPendingReboot(old, 'first', [{ ...libc, version: '9' }])).toEqual([libc]);
  });

  it('is nothing in a root directory, which has no boot', () => {
    const inRoot = notePendingReboot(emptyPatcherState, [{ ...libc, version: '2' }], '');
    expect(findPendingReboot(inRoot, '', [{ ...libc, version: '2' }])).toEqual([]);
  });
});
