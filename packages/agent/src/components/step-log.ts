import type { OutputChunk } from '../machine/index.ts';

/** One line of what a component says while it runs. `info` is from who runs it. */
export interface ComponentLine {
  readonly at: Date;
  readonly phase: string;
  /** Of a component inside another: `OUTER/INNER`. */
  readonly step: string;
  readonly stream: 'stdout' | 'stderr' | 'info';
  readonly text: string;
}

/** What a program prints without a line end for longer than this becomes lines of this length. */
const mostLineCharacters = 16 * 1024;

export interface LineSplitter {
  write(chunk: OutputChunk): void;
  /** Gives out what has no line end. */
  end(): void;
}

/** Makes lines of output as it comes, each stream for itself. */
export function splitLines(onLine: (stream: OutputChunk['stream'], text: string) => void): LineSplitter {
  const open = { stdout: '', stderr: '' };
  return {
    write({ stream, text }) {
      const lines = `${open[stream]}${text}`.split('\n');
      let last = lines.pop() ?? '';
      for (const line of lines) onLine(stream, line.replace(/\r$/, ''));
      while (last.length > mostLineCharacters) {
        onLine(stream, last.slice(0, mostLineCharacters));
        last = last.slice(mostLineCharacters);
      }
      open[stream] = last;
    },
    end() {
      for (const stream of ['stdout', 'stderr'] as const) {
        if (open[stream] !== '') onLine(stream, open[stream]);
        open[stream] = '';
      }
    },
  };
}
