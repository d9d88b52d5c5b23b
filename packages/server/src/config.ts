import { isIP } from 'node:net';
import { mostOutputBytes } from '@patchbay/contracts';
import { AppError } from '@patchbay/facts';
import { z } from 'zod';
import type { LogLevel } from './observability/index.ts';
import { parseAllowed } from './patchbay/overrides/read-override.ts';

export class ConfigError extends AppError<'INVALID_OPTION' | 'TLS_REQUIRED' | 'TLS_INCOMPLETE'> {}

/** What the command line may say about a server; every value as it was typed. */
export interface ServerFlags {
  readonly port?: string | undefined;
  readonly host?: string | undefined;
  readonly data?: string | undefined;
  readonly databaseUrl?: string | undefined;
  readonly region?: readonly string[] | undefined;
  readonly account?: string | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly archiveSilentNodesAfterDays?: string | undefined;
  readonly commandOutputLimit?: string | undefined;
  readonly overrideAllow?: readonly string[] | undefined;
}

export interface ServerConfig {
  readonly port: number;
  readonly host: string;
  readonly dataDirectory: string | undefined;
  readonly databaseUrl: string | undefined;
  readonly regions: readonly string[];
  readonly accountId: string | undefined;
  readonly tlsFiles: { readonly cert: string; readonly key: string } | undefined;
  readonly logLevel: LogLevel;
  /** Undefined: silent nodes stay in the lists. */
  readonly archiveSilentNodesAfterDays: number | undefined;
  readonly commandOutputLimitBytes: number;
  /** Addresses from which overrides may be read. */
  readonly overrideAllowed: readonly string[];
}

export const defaultPort = 8480;
export const defaultRegion = 'us-east-1';

const LogLevelName = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']);

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new ConfigError('INVALID_OPTION', `--port must be a number from 0 to 65535 (0: any free one), not ${text}.`);
  }
  return port;
}

function parseOutputLimit(text: string | undefined): number {
  const bytes = text === undefined ? mostOutputBytes : Number(text);
  if ((text !== undefined && !/^\d+$/.test(text)) || bytes > mostOutputBytes || bytes < 24_000) {
    throw new ConfigError(
      'INVALID_OPTION',
      `--command-output-limit must be a number of bytes from 24000 to ${mostOutputBytes}, not ${text}.`,
    );
  }
  return bytes;
}

function parseOverrideAllow(text: string): string {
  try {
    return parseAllowed(text);
  } catch (error) {
    throw new ConfigError(
      'INVALID_OPTION',
      `--override-allow must be an address such as https://host/path/, not ${text}.`,
      {
        cause: error,
      },
    );
  }
}

function parseDays(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    throw new ConfigError(
      'INVALID_OPTION',
      `--archive-silent-nodes-after-days must be a number from 1 to 9999, not ${text}.`,
    );
  }
  return Number(text);
}

/** Checks flags and environment together; the flags win. The only place that reads the environment. */
export function readServerConfig(
  flags: ServerFlags,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ServerConfig {
  const host = flags.host ?? '127.0.0.1';
  const { tlsCert, tlsKey } = flags;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new ConfigError('TLS_INCOMPLETE', '--tls-cert and --tls-key belong together: give both or neither.');
  }
  if (!isLoopback(host) && tlsCert === undefined) {
    throw new ConfigError(
      'TLS_REQUIRED',
      `${host} is not a loopback address: passwords and commands that run as root would cross the network in the clear. Give --tls-cert and --tls-key, or listen on 127.0.0.1.`,
    );
  }
  const regions = flags.region?.length ? flags.region : [defaultRegion];
  const badRegion = regions.find((region) => !/^[a-z]{2,}(-[a-z]+)+-\d+$/.test(region));
  if (badRegion !== undefined) {
    throw new ConfigError('INVALID_OPTION', `--region must look like us-east-1, not ${badRegion}.`);
  }
  if (flags.account !== undefined && !/^\d{12}$/.test(flags.account)) {
    throw new ConfigError('INVALID_OPTION', `--account must be twelve digits, not ${flags.account}.`);
  }
  const logLevel = LogLevelName.safeParse(flags.logLevel ?? 'info');
  if (!logLevel.success) {
    throw new ConfigError('INVALID_OPTION', `--log-level must be one of ${LogLevelName.options.join(', ')}.`);
  }
  return {
    port: flags.port === undefined ? defaultPort : parsePort(flags.port),
    host,
    dataDirectory: flags.data,
    databaseUrl: flags.databaseUrl ?? environment.DATABASE_URL,
    regions,
    accountId: flags.account,
    tlsFiles: tlsCert !== undefined && tlsKey !== undefined ? { cert: tlsCert, key: tlsKey } : undefined,
    logLevel: logLevel.data,
    overrideAllowed: (flags.overrideAllow ?? []).map(parseOverrideAllow),
    commandOutputLimitBytes: parseOutputLimit(flags.commandOutputLimit),
    archiveSilentNodesAfterDays: parseDays(flags.archiveSilentNodesAfterDays),
  };
}
