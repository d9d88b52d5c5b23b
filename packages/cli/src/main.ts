import { Command } from 'commander';
import { agentCommand } from './commands/agent.ts';
import { demoCommand } from './commands/demo.ts';
import { envCommand } from './commands/env.ts';
import { explainCommand } from './commands/explain.ts';
import { scanCommand } from './commands/scan.ts';
import { upCommand } from './commands/up.ts';
import { exitWithError } from './exit-with-error.ts';

const program = new Command('patchbay')
  .description('Keeps servers patched and proves it; speaks the AWS Systems Manager API.')
  .showHelpAfterError('(patchbay --help lists what there is)')
  .addCommand(scanCommand)
  .addCommand(demoCommand)
  .addCommand(upCommand)
  .addCommand(envCommand)
  .addCommand(agentCommand)
  .addCommand(explainCommand);

// `patchbay scan | head` closes our output early, which is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(process.exitCode ?? 0);
});

await program.parseAsync().catch(exitWithError);
