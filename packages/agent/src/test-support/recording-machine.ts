import type { Command, CommandOutput, Machine } from '../machine/index.ts';

const success: CommandOutput = {
  exitCode: 0,
  signal: null,
  stdout: '',
  stderr: '',
  isTimedOut: false,
  isAborted: false,
  isTruncated: false,
};

/** A machine that runs nothing: it notes scripts and commands and answers what it is told to. */
export interface RecordingMachine extends Machine {
  readonly scripts: Map<string, string>;
  readonly commands: Command[];
}

export function createRecordingMachine(
  answer: (script: string, command: Command) => Partial<CommandOutput> = () => ({}),
): RecordingMachine {
  const scripts = new Map<string, string>();
  const commands: Command[] = [];
  return {
    scripts,
    commands,
    kind: 'host',
    access: 'read-write',
    workDirectory: { inside: '/work', outside: '/outside' },
    run: async (command) => {
      commands.push(command);
      return { ...success, ...answer(scripts.get(command.argv[4] ?? '') ?? '', command) };
    },
    resume: async () => null,
    readFile: async () => null,
    stat: async () => null,
    listDirectory: async () => null,
    writeWorkFile: async (path, content) => {
      scripts.set(`/private-work/${path}`, content.toString());
      return `/private-work/${path}`;
    },
    close: async () => {},
  };
}
