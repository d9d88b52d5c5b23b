/** Tells what happens, each line with the seconds since the beginning. */
export interface Progress {
  /** A chapter of the demonstration. */
  chapter(title: string): void;
  line(text: string): void;
  /** Text as it is, without a time: tables, what to type. */
  block(lines: readonly string[]): void;
  /** Runs a step that takes a while and says how long it took. */
  step<Result>(text: string, work: () => Promise<Result>): Promise<Result>;
}

export function createProgress(write: (text: string) => void, milliseconds: () => number): Progress {
  const began = milliseconds();
  const time = () => `[${((milliseconds() - began) / 1000).toFixed(1).padStart(6)} s]`;
  const line = (text: string) => write(`${time()} ${text}\n`);
  return {
    chapter: (title) => write(`\n${time()} == ${title}\n`),
    line,
    block: (lines) => write(`${lines.map((each) => `    ${each}`).join('\n')}\n`),
    step: async (text, work) => {
      line(`${text} ...`);
      const start = milliseconds();
      const result = await work();
      line(`${text}: done in ${((milliseconds() - start) / 1000).toFixed(1)} s`);
      return result;
    },
  };
}
