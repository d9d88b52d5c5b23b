import { readFileSync } from 'node:fs';
import type { CommandOutput } from '../query.ts';

/** For tests: a recording as the output of its command. Its first line says where it comes from. */
export function readRecording(name: string): CommandOutput {
  const text = readFileSync(new URL(`./recordings/debian-12/${name}.txt`, import.meta.url), 'utf8');
  const match = /^# [^\n]+\nexit (\d+)\n--- stdout\n([^]*?)--- stderr\n([^]*)$/.exec(text);
  if (match === null) throw new Error(`The recording ${name} has another form`);
  return { exitCode: Number(match[1]), stdout: match[2] ?? '', stderr: match[3] ?? '' };
}
