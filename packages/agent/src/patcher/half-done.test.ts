import { configurePendingArgv } from '@patchbay/package-managers';
import { describe, expect, it } from 'vitest';
import { createRecordingMachine } from '../test-support/recording-machine.ts';
import { dpkgJournalDirectory } from './dpkg-journal.ts';
import { completeHalfDone } from './half-done.ts';

interface Scene {
  /** Names in dpkg's journal; what is no number is none of its entries. */
  readonly journal: readonly string[];
  readonly state: string;
  /** Whether dpkg ends well, and its journal with it. */
  readonly goesThrough?: boolean;
}

function open({ journal, state, goesThrough = true }: Scene) {
  let left = journal;
  const machine = createRecordingMachine(() => {
    if (!goesThrough) return { exitCode: 2, stderr: 'dpkg: error: the disk is broken\n' };
    left = [];
    return {};
  });
  const status = `Package: pb-a\nStatus: install ok ${state}\nVersion: 1\nArchitecture: all\n`;
  const lines: string[] = [];
  const request = {
    machine: {
      ...machine,
      readFile: async () => Buffer.from(status),
      listDirectory: async (path: string) => (path === dpkgJournalDirectory ? [...left] : null),
    },
    waitSeconds: 0,
    recordNameOf: (step: string) => `plan.${step}`,
    report: (line: string) => lines.push(line),
  };
  return { request, lines, commands: machine.commands };
}

describe('completeHalfDone', () => {
  it('does nothing where nothing is half done', async () => {
    const { request, lines, commands } = open({ journal: ['tmp.i'], state: 'installed' });
    expect(await completeHalfDone(request)).toBeNull();
    expect({ lines, commands }).toEqual({ lines: [], commands: [] });
  });

  it.each<[string, Scene]>([
    ['dpkg was cut off', { journal: ['0001'], state: 'installed' }],
    ['a package is unpacked only', { journal: [], state: 'unpacked' }],
  ])('runs dpkg --configure -a where %s, and not to be interrupted', async (_, scene) => {
    const { request, commands } = open(scene);
    expect(await completeHalfDone(request)).toBeNull();
    expect(commands.map(({ argv }) => argv)).toEqual([configurePendingArgv]);
    expect(commands[0]?.uninterruptible?.recordName).toMatch(/^plan\.configure\./);
  });

  it('lets nothing else begin where dpkg stays cut off, and says why', async () => {
    const { request } = open({ journal: ['0001'], state: 'unpacked', goesThrough: false });
    expect(await completeHalfDone(request)).toMatch(/which comes first, did not go through: .*the disk is broken/);
  });

  it('lets others begin where one package cannot be configured', async () => {
    const { request, lines } = open({ journal: [], state: 'half-configured', goesThrough: false });
    expect(await completeHalfDone(request)).toBeNull();
    expect(lines.join('\n')).toContain('not all could be completed');
  });
});
