import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { agentCommand } from './commands/agent.ts';
import { agentPackageCommand } from './commands/agent-package.ts';
import { applyCommand } from './commands/apply.ts';
import { archiveWatchCommand } from './commands/archive-watch.ts';
import { backupCommand } from './commands/backup.ts';
import { builderCommand } from './commands/builder.ts';
import { commandOutputCommand } from './commands/command-output.ts';
import { componentCommand } from './commands/component.ts';
import { demoCommand } from './commands/demo.ts';
import { enrolLineCommand } from './commands/enrol-line.ts';
import { envCommand } from './commands/env.ts';
import { explainCommand } from './commands/explain.ts';
import { freezeCommand } from './commands/freeze.ts';
import { imageCommand } from './commands/image.ts';
import { nodeCommand } from './commands/node.ts';
import { pipelineCommand } from './commands/pipeline.ts';
import { planCommand } from './commands/plan.ts';
import { restoreCommand } from './commands/restore.ts';
import { sbomCommand } from './commands/sbom.ts';
import { scanCommand } from './commands/scan.ts';
import { settingsCommand } from './commands/settings.ts';
import { startsCommand } from './commands/starts.ts';
import { upCommand } from './commands/up.ts';
import { userCommand } from './commands/user.ts';
import { windowCommand } from './commands/window.ts';
import { exitWithError } from './exit-with-error.ts';

const commands = [
  scanCommand,
  sbomCommand,
  demoCommand,
  upCommand,
  envCommand,
  agentCommand,
  agentPackageCommand,
  enrolLineCommand,
  explainCommand,
  planCommand,
  applyCommand,
  userCommand,
  archiveWatchCommand,
  backupCommand,
  restoreCommand,
  nodeCommand,
  windowCommand,
  pipelineCommand,
  freezeCommand,
  startsCommand,
  commandOutputCommand,
  settingsCommand,
  componentCommand,
  imageCommand,
  builderCommand,
];
const program = new Command('patchbay')
  .description('Keeps servers patched and proves it; speaks the AWS Systems Manager API.')
  .version(packageJson.version)
  // After a command its own options count: `image import` has a --version, too.
  .enablePositionalOptions()
  .showHelpAfterError('(patchbay --help lists what there is)');
for (const command of commands) program.addCommand(command);
const withSubcommands = (command: Command): Command[] => [command, ...command.commands.flatMap(withSubcommands)];
for (const command of withSubcommands(program)) {
  // 1 is a verdict of `scan` (not compliant); a command that was typed wrong must not look like one.
  command.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
}

// `patchbay scan | head` closes our output early, which is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(process.exitCode ?? 0);
});

await program.parseAsync().catch(exitWithError);
