import { agentVersion } from '@patchbay/agent';
import { AppError } from '@patchbay/facts';
import { enrolCommand, enrolUsage } from './enrol-command.ts';
import { patchCommand } from './patch-command.ts';
import { runCommand } from './run-command.ts';
import { statusCommand } from './status-command.ts';

const usage = `Usage: patchbay-agent COMMAND

${enrolUsage}

patchbay-agent run
  Runs the agent in the foreground; the systemd unit does this.

patchbay-agent status
  Says who this node is and whether its agent runs.

patchbay-agent patch ORDER DIGEST
  Patches once; AWS-RunPatchBaseline runs this on nodes with another agent.

patchbay-agent version`;

/** The program of the package: it composes and holds no logic of its own. */
async function main([command, ...words]: readonly string[]): Promise<void> {
  switch (command) {
    case 'enrol':
      if (words.includes('--help')) console.log(enrolUsage);
      else await enrolCommand(words);
      return;
    case 'run':
      await runCommand();
      return;
    case 'patch':
      await patchCommand(words);
      return;
    case 'status':
      statusCommand();
      return;
    case 'version':
    case '--version':
      console.log(agentVersion);
      return;
    case '--help':
    case 'help':
      console.log(usage);
      return;
    default:
      console.error(usage);
      process.exitCode = 2;
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const isForeseen = error instanceof AppError || (error instanceof TypeError && 'code' in error);
  console.error('patchbay-agent:', isForeseen ? error.message : error);
  process.exit(2);
}
