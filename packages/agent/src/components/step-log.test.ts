import { describe, expect, it } from 'vitest';
import { splitLines } from './step-log.ts';

function linesOf(...chunks: readonly ['stdout' | 'stderr', string][]): string[] {
  const lines: string[] = [];
  const splitter = splitLines((stream, text) => lines.push(`${stream}: ${text}`));
  for (const [stream, text] of chunks) splitter.write({ stream, text });
  splitter.end();
  return lines;
}

describe('lines of output', () => {
  it('are put together from chunks, each stream for itself, with the last one that has no end', () => {
    expect(linesOf(['stdout', 'a\nb'], ['stderr', 'x\r\n'], ['stdout', 'c\n\nd'])).toEqual([
      'stdout: a',
      'stderr: x',
      'stdout: bc',
      'stdout: ',
      'stdout: d',
    ]);
  });

  it('are cut where there is no end for long', () => {
    expect(linesOf(['stdout', 'x'.repeat(40_000)]).map((line) => line.length)).toEqual([16_392, 16_392, 7240]);
  });
});
