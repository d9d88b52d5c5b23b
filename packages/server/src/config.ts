import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { mostOutputBytes } from '@patchbay/contracts';
import { AppError } from '@patchbay/facts';
import { z } from 'zod';
import { isLoopback } from './addresses.ts';
import { createEgressPolicy, EgressError } from './egress/index.ts';
import type { LogLevel, MetricsAccess } from './observability/index.ts';
import { parseAllowed } from './patchbay/overrides/read-override.ts';
import { parseQuotas, type Quotas } from './quotas.ts';
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
  readonly tls?: string | undefined;
  readonly tlsName?: readonly string[] | undefined;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly logFormat?: string | undefined;
  readonly metrics?: string | undefined;
  readonly metricsTokenFile?: string | undefined;
  readonly egressAllow?: readonly string[] | undefined;
  /** `patch-baselines=100`. */
  readonly quota?: readonly string[] | undefined;
  readonly archiveSilentNodesAfterDays?: string | undefined;
  readonly commandOutputLimit?: string | undefined;
  readonly patchingNodes?: string | undefined;
  readonly overrideAllow?: readonly string[] | undefined;
  readonly retain?: readonly string[] | undefined;
}

/** Where the server's certificate comes from: nowhere, files, or the built-in certificate authority. */
export type TlsSetting =
  | { readonly kind: 'none' }
  | { readonly kind: 'files'; readonly cert: string; readonly key: string }
  | { readonly kind: 'auto'; readonly names: readonly string[] };

export interface ServerConfig {
  readonly port: number;
  readonly host: string;
  readonly dataDirectory: string | undefined;
  readonly databaseUrl: string | undefined;
  readonly regions: readonly string[];
  readonly accountId: string | undefined;
  readonly tls: TlsSetting;
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'pretty';
  readonly metricsAccess: MetricsAccess;
  /** What the server may reach beside what is open to everybody. */
  readonly egressAllow: readonly string[];
  readonly quotas: Quotas;
  /** Undefined: silent nodes stay in the lists. */
  readonly archiveSilentNodesAfterDays: number | undefined;
  readonly commandOutputLimitBytes: number;
  readonly mostPatchingNodes: number;
  /** Addresses from which overrides may be read. */
  readonly overrideAllowed: readonly string[];
  readonly retention: RetentionPolicy;
}

export const defaultPort = 8480;
export const defaultRegion = 'us-east-1';

const LogLevelName = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']);

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new ConfigError('INVALID_OPTION', `--port must be a number from 0 to 65535 (0: any free one), not ${text}.`);
  }
  return port;
}

function readTls({ tls, tlsName = [], tlsCert, tlsKey }: ServerFlags): TlsSetting {
  if (tls !== undefined && tls !== 'auto') {
    throw new ConfigError(
      'INVALID_OPTION',
      `--tls takes "auto", not ${tls}. Files are named with --tls-cert and --tls-key.`,
    );
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new ConfigError('TLS_INCOMPLETE', '--tls-cert and --tls-key belong together: give both or neither.');
  }
  if (tls === 'auto' && tlsCert !== undefined) {
    throw new ConfigError(
      'INVALID_OPTION',
      '--tls auto makes a certificate of its own: leave out --tls-cert and --tls-key.',
    );
  }
  if (tls === undefined && tlsName.length > 0) {
    throw new ConfigError(
      'INVALID_OPTION',
      '--tls-name belongs to --tls auto: a certificate from a file has its names.',
    );
  }
  const badName = tlsName.find(
    (name) => isIP(name) === 0 && !/^(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/.test(name),
  );
  if (badName !== undefined) {
    throw new ConfigError(
      'INVALID_OPTION',
      `--tls-name must be a host name or an address, not ${JSON.stringify(badName)}.`,
    );
  }
  if (tls === 'auto') return { kind: 'auto', names: tlsName };
  return tlsCert === undefined || tlsKey === undefined
    ? { kind: 'none' }
    : { kind: 'files', cert: tlsCert, key: tlsKey };
}

function readLogFormat(text: string): 'json' | 'pretty' {
  if (text === 'json' || text === 'pretty') return text;
  throw new ConfigError('INVALID_OPTION', `--log-format must be json or pretty, not ${text}.`);
}

function readMetricsAccess({ metrics, metricsTokenFile }: ServerFlags): MetricsAccess {
  if (metricsTokenFile !== undefined) {
    if (metrics !== undefined) {
      throw new ConfigError(
        'INVALID_OPTION',
        '--metrics-token-file says who may read the metrics: leave out --metrics.',
      );
    }
    return { kind: 'token', token: readToken(metricsTokenFile) };
  }
  if (metrics === undefined || metrics === 'loopback') return { kind: 'loopback' };
  if (metrics === 'public') return { kind: 'public' };
  throw new ConfigError('INVALID_OPTION', `--metrics must be loopback or public, not ${metrics}.`);
}

function readToken(path: string): string {
  const token = readFileOrExplain(path).trim();
  if (token.length >= 16) return token;
  throw new ConfigError('INVALID_OPTION', `--metrics-token-file: ${path} must hold at least 16 characters.`);
}

function readFileOrExplain(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError('INVALID_OPTION', `--metrics-token-file names ${path}, which cannot be read.`, {
      cause: error,
    });
  }
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

/** More at once than this, and an archive that serves all of them has reason to refuse some. */
const usualPatchingNodes = 500;

function parsePatchingNodes(text: string | undefined): number {
  if (text === undefined) return usualPatchingNodes;
  if (text === 'unlimited') return Number.POSITIVE_INFINITY;
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new ConfigError('INVALID_OPTION', `--patching-nodes must be a number from 1, or unlimited, not ${text}.`);
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
  const tls = readTls(flags);
  if (!isLoopback(host) && tls.kind === 'none') {
    throw new ConfigError(
      'TLS_REQUIRED',
      `${host} is not a loopback address: passwords and commands that run as root would cross the network in the clear. Give --tls auto, or --tls-cert and --tls-key, or listen on 127.0.0.1.`,
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
  const quotas = parseQuotas(flags.quota ?? []);
  if ('problem' in quotas) throw new ConfigError('INVALID_OPTION', `--quota: ${quotas.problem}.`);
  return {
    port: flags.port === undefined ? defaultPort : parsePort(flags.port),
    host,
    dataDirectory: flags.data,
    databaseUrl: flags.databaseUrl ?? environment.DATABASE_URL,
    regions,
    accountId: flags.account,
    tls,
    logLevel: logLevel.data,
    logFormat: readLogFormat(flags.logFormat ?? 'json'),
    metricsAccess: readMetricsAccess(flags),
    egressAllow: readEgressRules(flags.egressAllow ?? []),
    quotas,
    overrideAllowed: (flags.overrideAllow ?? []).map(parseOverrideAllow),
    commandOutputLimitBytes: parseOutputLimit(flags.commandOutputLimit),
    mostPatchingNodes: parsePatchingNodes(flags.patchingNodes),
    archiveSilentNodesAfterDays: parseDays(flags.archiveSilentNodesAfterDays),
    retention: readRetentionRules(flags.retain ?? []),
  };
}
