import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { agentCommand } from './commands/agent.ts';
import { commandOutputCommand } from './commands/command-output.ts';
import { demoCommand } from './commands/demo.ts';
import { envCommand } from './commands/env.ts';
import { explainCommand } from './commands/explain.ts';
import { nodeCommand } from './commands/node.ts';
import { scanCommand } from './commands/scan.ts';
import { upCommand } from './commands/up.ts';
import { exitWithError } from './exit-with-error.ts';

const commands = [
  scanCommand,
  demoCommand,
  upCommand,
  envCommand,
  agentCommand,
  explainCommand,
  nodeCommand,
  commandOutputCommand,
];
const program = new Command('patchbay')
  .description('Keeps servers patched and proves it; speaks the AWS Systems Manager API.')
  .version(packageJson.version)
  .showHelpAfterError('(patchbay --help lists what there is)');
for (const command of commands) program.addCommand(command);
for (const command of [program, ...commands, ...commands.flatMap((each) => each.commands)]) {
  // 1 is a verdict of `scan` (not compliant); a command that was typed wrong must not look like one.
  command.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
}

// `patchbay scan | head` closes our output early, which is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(process.exitCode ?? 0);
});

await program.parseAsync().catch(exitWithError);
