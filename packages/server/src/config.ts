import { isIP } from 'node:net';
import { AppError } from '@patchbay/facts';
import { z } from 'zod';
import { createEgressPolicy, EgressError } from './egress/index.ts';
import type { LogLevel } from './observability/index.ts';
import { RetentionError, type RetentionPolicy, readRetention } from './retention/retention-policy.ts';

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
  readonly egressAllow?: readonly string[] | undefined;
  readonly retain?: readonly string[] | undefined;
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
  /** What the server may reach beside what is open to everybody. */
  readonly egressAllow: readonly string[];
  readonly retention: RetentionPolicy;
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

function readEgressRules(rules: readonly string[]): readonly string[] {
  try {
    createEgressPolicy(rules);
    return rules;
  } catch (error) {
    if (!(error instanceof EgressError)) throw error;
    throw new ConfigError('INVALID_OPTION', `--egress-allow: ${error.message}`, { cause: error });
  }
}

function readRetentionRules(rules: readonly string[]): RetentionPolicy {
  try {
    return readRetention(rules);
  } catch (error) {
    if (!(error instanceof RetentionError)) throw error;
    throw new ConfigError('INVALID_OPTION', `--retain: ${error.message}`, { cause: error });
  }
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
    egressAllow: readEgressRules(flags.egressAllow ?? []),
    retention: readRetentionRules(flags.retain ?? []),
  };
}
