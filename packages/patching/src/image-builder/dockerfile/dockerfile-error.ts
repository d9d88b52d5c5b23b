import { AppError } from '@patchbay/facts';

/** A mistake in a Dockerfile template, at the place where it stands or where its instruction begins; both count from 1. */
export interface DockerfileProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** How many mistakes one message names. */
const mostProblems = 10;

/** A Dockerfile template that cannot be built; the message names the mistakes with line and column. */
export class DockerfileError extends AppError<'INVALID_DOCKERFILE'> {
  readonly problems: readonly DockerfileProblem[];

  constructor(problems: readonly DockerfileProblem[]) {
    const shown = problems
      .slice(0, mostProblems)
      .map(({ line, column, message }) => `line ${line}, column ${column}: ${message}`);
    const left = problems.length - shown.length;
    super('INVALID_DOCKERFILE', `${shown.join('; ')}${left > 0 ? `; and ${left} more` : ''}.`);
    this.problems = problems;
  }
}

/** What is wrong with one instruction; who reads the instruction knows where it stands. */
export class InstructionProblem extends Error {
  /** Where in the instruction as it is written. */
  readonly offset: number;

  constructor(message: string, offset = 0) {
    super(message);
    this.offset = offset;
  }
}
