import { describe, expect, it } from 'vitest';
import { type KnownMachine, observeMachine, type SeenMachine } from './observe-machine.ts';

const fresh: KnownMachine = { machineIdHash: null, agentRunId: null, earlierRunIds: [] };

/** Lets agents speak one after another and answers what the last of them is taken for. */
function observe(...seen: Partial<SeenMachine>[]) {
  let known = fresh;
  let last = observeMachine(known, { machineIdHash: '', bootId: '', agentRunId: null });
  for (const each of seen) {
    last = observeMachine(known, { machineIdHash: 'm', bootId: 'b', agentRunId: 'a', ...each });
    if (last.kind === 'same') known = last.known;
  }
  return last;
}

describe('a node', () => {
  it('is the same machine over pings, restarts and reboots', () => {
    expect(observe({}, {}, { agentRunId: 'b' }, { agentRunId: 'b' }, { agentRunId: 'c' })).toEqual({
      kind: 'same',
      known: { machineIdHash: 'm', agentRunId: 'c', earlierRunIds: ['a', 'b'] },
    });
  });

  it('is doubtful when a life that had ended speaks again', () => {
    expect(observe({}, { agentRunId: 'b' }, { agentRunId: 'a' })).toMatchObject({
      kind: 'doubtful',
      reason: expect.stringMatching(/by turns/),
    });
  });

  it('is doubtful when its machine-id changes', () => {
    expect(observe({}, { machineIdHash: 'other', agentRunId: 'b' })).toMatchObject({
      kind: 'doubtful',
      reason: expect.stringMatching(/machine-id/),
    });
  });

  it('is not doubtful when a root file system has no machine-id, and learns it later', () => {
    expect(observe({ machineIdHash: '' }, { machineIdHash: 'm' }, { machineIdHash: '' })).toMatchObject({
      kind: 'same',
      known: { machineIdHash: 'm' },
    });
  });

  it('is not taken for another by facts that a patcher hands in after its agent restarted', () => {
    expect(observe({}, { agentRunId: 'b' }, { agentRunId: null })).toMatchObject({
      kind: 'same',
      known: { agentRunId: 'b', earlierRunIds: ['a'] },
    });
  });

  it('remembers a bounded number of lives', () => {
    const lives = Array.from({ length: 200 }, (_, index) => ({ agentRunId: `run-${index}` }));
    const last = observe(...lives);
    expect(last.kind === 'same' && last.known.earlierRunIds).toHaveLength(50);
  });
});
