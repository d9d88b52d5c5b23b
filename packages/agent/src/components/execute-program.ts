import { type ActionOutcome, type ComponentAction, readExecution } from '@patchbay/patching';
import type { CommandOutput } from '../machine/index.ts';
import { failed } from './action-end.ts';
import { type ActionStage, lendFile, outputLimitBytes, runProgram } from './run-program.ts';

type InputsOf<Name extends ComponentAction['name']> = Extract<ComponentAction, { readonly name: Name }>['inputs'];

const bash = '/bin/bash';

/**
 * ExecuteBash: the commands as one script of bash (user guide: "converted into a file and run with the bash shell"). Nothing
 * is added to it, so a command that fails ends it only after `set -e`. A root without bash cannot have it: another shell
 * would read the same text differently and say nothing.
 */
export async function executeBash(stage: ActionStage, { commands }: InputsOf<'ExecuteBash'>): Promise<ActionOutcome> {
  if ((await stage.machine.stat(bash))?.kind !== 'file') {
    throw failed('there is no /bin/bash in this root, and ExecuteBash needs it: install the package bash first');
  }
  return await lendFile(stage.machine, 'script', `${commands.join('\n')}\n`, async (script) =>
    outcomeOf(stage, await runProgram(stage, { argv: [bash, script], isLogged: true })),
  );
}

/** ExecuteBinary: a program with arguments; what has no `/` is found by PATH. */
export async function executeBinary(stage: ActionStage, inputs: InputsOf<'ExecuteBinary'>): Promise<ActionOutcome> {
  const output = await runProgram(stage, { argv: [inputs.path, ...inputs.arguments], isLogged: true });
  return outcomeOf(stage, output);
}

function outcomeOf(stage: ActionStage, output: CommandOutput): ActionOutcome {
  const outcome = readExecution(output.exitCode ?? 1, output.stdout);
  if (!output.isTruncated) return outcome;
  stage.say('info', `It printed more than ${outputLimitBytes} bytes. The rest was read and dropped.`);
  // A part of the output is not the output: a step that refers to it must fail and not go on with half.
  return outcome.kind === 'succeeded' ? { kind: 'succeeded', outputs: [{}] } : outcome;
}
