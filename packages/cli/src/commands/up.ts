import {
  createLogger,
  DEFAULT_DATA_DIRECTORY,
  defaultPort,
  defaultRegion,
  isLoopback,
  layoutDataDirectory,
  readServerConfig,
  type ServerFlags,
  startServer,
} from '@patchbay/server';
import { Command } from 'commander';
import { type BuilderFlags, readBuilderSettings, withBuilderOptions } from '../builder-options.ts';
import { keepBuilder, requireBuilderBeside } from '../builder-process.ts';
import { exitWithError } from '../exit-with-error.ts';
import { collect } from '../repeated-option.ts';
import { waitForStopSignal } from '../stop-signals.ts';

/** `patchbay up`: the control plane in the foreground, until a signal ends it. */
export const upCommand = withBuilderOptions(
  new Command('up').option(
    '--builder',
    'run a builder of images beside it: what recipes say runs as root on this machine',
  ),
  'with --builder, ',
)
  .description('Run the control plane in the foreground')
  .option('--port <port>', `port to listen on, 0 for any free one (default: ${defaultPort})`)
  .option('--host <address>', 'address to listen on; any but loopback needs TLS (default: 127.0.0.1)')
  .option('--data <directory>', 'data directory, private to its owner (default: ./.patchbay)')
  .option('--database-url <url>', 'a PostgreSQL of your own (or DATABASE_URL); without it an embedded one is started')
  .option('--region <name>', `a region to serve, repeatable (default: ${defaultRegion})`, collect)
  .option('--account <id>', 'twelve digits; generated once when not given')
  .option('--tls <auto>', 'auto: make a certificate authority once, and certificates of it that renew themselves')
  .option('--tls-name <name>', 'with --tls auto, a name or address that clients call, repeatable', collect)
  .option('--tls-cert <file>', 'certificate chain in PEM; read again when it changes and on SIGHUP')
  .option('--tls-key <file>', 'private key in PEM')
  .option(
    '--egress-allow <rule>',
    'address, network or file:DIRECTORY that archives may be fetched from though it is loopback or link-local, repeatable',
    collect,
  )
  .option(
    '--quota <name=number>',
    'how many there may be: patch-baselines (50), patch-groups-per-baseline (25), documents (500), versions-per-document (1000), maintenance-windows (50), targets-per-maintenance-window (100), tasks-per-maintenance-window (20), standard-parameters (10000), advanced-parameters (100000), infrastructure-configurations (1000); repeatable, or =unlimited',
    collect,
  )
  .option('--archive-silent-nodes-after-days <days>', 'take nodes out of the lists that were silent for so long')
  .option(
    '--patching-nodes <number>',
    'how many nodes patch at once, so that archives keep up (default: 500), or unlimited',
  )
  .option('--command-output-limit <bytes>', 'what is kept of one stream of one step (default: 10485760)')
  .option('--override-allow <https-address>', 'where patch overrides may be read from, repeatable', collect)
  .option(
    '--retain <name=days>',
    'how long facts, verdicts, transactions, audit, command-output or client-tokens are kept, repeatable',
    collect,
  )
  .option('--log-level <level>', 'trace, debug, info, warn, error, silent (default: info)')
  .option('--log-format <format>', 'json or pretty (default: json)')
  .option('--metrics <who>', 'who may read /metrics: loopback or public (default: loopback)')
  .option('--metrics-token-file <file>', 'instead: whoever sends its content as "Authorization: Bearer ..."')
  .action(async (flags: ServerFlags & BuilderFlags & { readonly builder?: boolean }) => {
    const config = readServerConfig(flags);
    const builderSettings = flags.builder === true ? readBuilderSettings(flags) : undefined;
    if (builderSettings !== undefined) requireBuilderBeside({ isLoopback: isLoopback(config.host) });
    const logger = createLogger({ level: config.logLevel, isPretty: config.logFormat === 'pretty' });
    const server = await startServer(config, logger, exitWithError);
    // Only then: otherwise it means that the terminal was closed, which ends the server as it ends everything there.
    if (config.tls.kind === 'files') process.on('SIGHUP', () => void server.refreshTls());
    if (server.caFingerprint !== undefined) console.log(`ca-fingerprint ${server.caFingerprint}`);
    console.log(`ready ${server.url}`);
    const stopping = new AbortController();
    const builder =
      builderSettings &&
      keepBuilder({
        dataDirectory: layoutDataDirectory(config.dataDirectory ?? DEFAULT_DATA_DIRECTORY).path,
        region: config.regions[0] ?? defaultRegion,
        server,
        settings: builderSettings,
        patchbay: [process.execPath, process.argv[1] ?? ''],
        logger: logger.child({ component: 'builder' }),
        signal: stopping.signal,
      });
    if (builder !== undefined) {
      logger.warn('this machine builds images: what recipes and their components say runs as root on it');
      builder.catch((error: unknown) => logger.error({ error }, 'the builder could not be started'));
    }
    const signal = await waitForStopSignal();
    logger.info({ signal }, 'stopping');
    stopping.abort();
    await builder?.catch(() => {});
    await server.stop();
  });
