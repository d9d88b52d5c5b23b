/** What the control plane remembers of the machine behind a node. Empty texts and null: not known. */
export interface KnownMachine {
  readonly machineIdHash: string | null;
  /** The life of the agent that spoke last: one process has one id. */
  readonly agentRunId: string | null;
  /** Lives that were followed by another, newest last. */
  readonly earlierRunIds: readonly string[];
}

/** What an agent says about itself. */
export interface SeenMachine {
  readonly machineIdHash: string;
  readonly bootId: string;
  /** Null where a report belongs to no life of the agent: facts of a patcher that outlived it. */
  readonly agentRunId: string | null;
}

export type MachineObservation =
  | { readonly kind: 'same'; readonly known: KnownMachine }
  /** Two machines speak as one node, or the node was moved to another: nobody can tell what is true of it. */
  | { readonly kind: 'doubtful'; readonly reason: string };

/** A clone betrays itself within two pings; a life this many restarts ago does not come back. */
const mostEarlierRuns = 50;

/**
 * Tells whether the same machine speaks as before. A restart or a reboot ends one life of the agent for ever; one that
 * had ended and speaks again belongs to a second machine with the same key, as a copied state directory or a cloned disk
 * makes one. A changed machine-id is another machine by its own word (machine-id(5)).
 */
export function observeMachine(known: KnownMachine, seen: SeenMachine): MachineObservation {
  const { machineIdHash, agentRunId } = seen;
  const knownHash = known.machineIdHash ?? '';
  if (knownHash !== '' && machineIdHash !== '' && knownHash !== machineIdHash) {
    return {
      kind: 'doubtful',
      reason: 'Its machine-id is another than before: the disk or the state directory was copied to another machine.',
    };
  }
  if (agentRunId !== null && agentRunId !== known.agentRunId && known.earlierRunIds.includes(agentRunId)) {
    return {
      kind: 'doubtful',
      reason: 'Two agents speak for it by turns: a copy of its disk or of its state directory is running elsewhere.',
    };
  }
  const isNewLife = agentRunId !== null && known.agentRunId !== null && agentRunId !== known.agentRunId;
  return {
    kind: 'same',
    known: {
      machineIdHash: knownHash || machineIdHash || null,
      agentRunId: agentRunId ?? known.agentRunId,
      earlierRunIds:
        isNewLife && known.agentRunId !== null
          ? [...known.earlierRunIds, known.agentRunId].slice(-mostEarlierRuns)
          : known.earlierRunIds,
    },
  };
}
