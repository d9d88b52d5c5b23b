/** What a command left behind. Text is UTF-8. */
export interface CommandOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Argv = readonly [program: string, ...arguments: string[]];

/** A command and how to read its answer; the agent runs it under `commandEnvironment`. `parse` throws ParseError. */
export interface Query<Result> {
  readonly argv: Argv;
  parse(output: CommandOutput): Result;
}
