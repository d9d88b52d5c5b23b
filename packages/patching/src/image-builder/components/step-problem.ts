/** Why a step cannot go on, found before its action runs; the step fails with the message. */
export class StepProblem extends Error {}
