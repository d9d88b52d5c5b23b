import type { OperationContext } from '../operations/operation.ts';

/**
 * What was looked up about callers a moment ago, so that a caller's next requests cost no query: who they are, what keeps
 * them from starting. It is forgotten at once when access changes here, when another replica says that it changed there, and otherwise after a second.
 */
export interface RecentClaims {
  /** The claim under a key; `load` looks it up where none is fresh, and its answer is kept where it is one. */
  find<Claim extends object>(key: string, load: () => Promise<Claim | undefined>): Promise<Claim | undefined>;
  forget(): void;
}

const freshMilliseconds = 1_000;
const mostClaims = 20_000;

/** `elapsedMilliseconds` never goes back: `performance.now`. */
export function createRecentClaims(elapsedMilliseconds: () => number): RecentClaims {
  const claims = new Map<string, { readonly claim: object; readonly foundAt: number }>();
  /** Look-ups under way: of many callers who come at once, one asks. */
  const lookUps = new Map<string, { readonly answer: Promise<object | undefined>; readonly foundAt: number }>();
  let changes = 0;
  return {
    async find<Claim extends object>(key: string, load: () => Promise<Claim | undefined>) {
      const isFresh = (from: { readonly foundAt: number }) => elapsedMilliseconds() - from.foundAt < freshMilliseconds;
      const recent = claims.get(key);
      if (recent && isFresh(recent)) return recent.claim as Claim;
      const other = lookUps.get(key);
      if (other && isFresh(other)) return (await other.answer) as Claim | undefined;
      const [foundAt, before] = [elapsedMilliseconds(), changes];
      const mine = { answer: load(), foundAt };
      lookUps.set(key, mine);
      const claim = await mine.answer.finally(() => {
        if (lookUps.get(key) === mine) lookUps.delete(key);
      });
      // Somebody changed access while it was being looked up: what was found may be from before.
      if (claim === undefined || changes !== before) return claim;
      if (claims.size >= mostClaims) claims.clear();
      claims.set(key, { claim, foundAt });
      return claim;
    },
    forget() {
      changes += 1;
      lookUps.clear();
      claims.clear();
    },
  };
}

/** Topic and key under which replicas tell each other that access changed. */
export const accessTopic = ['access', 'changed'] as const;

/** To be called in every transaction that takes access away from somebody or changes it. */
export async function announceAccessChange({ db, dependencies, afterCommit }: OperationContext): Promise<void> {
  const [topic, key] = accessTopic;
  await dependencies.wake.notify(db, topic, [key]);
  afterCommit(async () => dependencies.recentClaims.forget());
}
