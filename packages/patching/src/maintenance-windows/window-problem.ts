/** One thing that a maintenance window, a target or a task may not say, where it says it, and what would be allowed. */
export interface WindowProblem {
  /** As on the wire: `Targets[0].Values[1]`. */
  readonly path: string;
  readonly message: string;
}
