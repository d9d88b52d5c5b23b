import {
  createLogger,
  defaultPort,
  defaultRegion,
  readServerConfig,
  type ServerFlags,
  startServer,
} from '@patchbay/server';
import { Command } from 'commander';
import { exitWithError } from '../exit-with-error.ts';
import { waitForStopSignal } from '../stop-signals.ts';

function collect(value: string, earlier: readonly string[] = []): string[] {
  return [...earlier, value];
}

/** `patchbay up`: the control plane in the foreground, until a signal ends it. */
export const upCommand = new Command('up')
  .description('Run the control plane in the foreground')
  .option('--port <port>', `port to listen on, 0 for any free one (default: ${defaultPort})`)
  .option(
    '--host <address>',
    'address to listen on; any but loopback needs --tls-cert and --tls-key (default: 127.0.0.1)',
  )
  .option('--data <directory>', 'data directory, private to its owner (default: ./.patchbay)')
  .option('--database-url <url>', 'a PostgreSQL of your own (or DATABASE_URL); without it an embedded one is started')
  .option('--region <name>', `a region to serve, repeatable (default: ${defaultRegion})`, collect)
  .option('--account <id>', 'twelve digits; generated once when not given')
  .option('--tls-cert <file>', 'certificate chain in PEM')
  .option('--tls-key <file>', 'private key in PEM')
  .option(
    '--egress-allow <rule>',
    'address, network or file:DIRECTORY that archives may be fetched from though it is loopback or link-local, repeatable',
    collect,
  )
  .option(
    '--retain <name=days>',
    'how long facts, verdicts, transactions, audit, command-output or client-tokens are kept, repeatable',
    collect,
  )
  .option('--log-level <level>', 'trace, debug, info, warn, error, silent (default: info)')
  .action(async (flags: ServerFlags) => {
    const config = readServerConfig(flags);
    const logger = createLogger({ level: config.logLevel });
    const server = await startServer(config, logger, exitWithError);
    console.log(`ready ${server.url}`);
    const signal = await waitForStopSignal();
    logger.info({ signal }, 'stopping');
    await server.stop();
  });
