import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** Member names whose values never reach a log, wherever they stand up to two levels deep. */
const SECRET_MEMBERS = [
  'activationCode',
  'authorization',
  'cookie',
  'password',
  'privateKey',
  'secret',
  'secretAccessKey',
  'sessionToken',
  'token',
];

const REDACTED_PATHS = SECRET_MEMBERS.flatMap((member) => [member, `*.${member}`, `*.*.${member}`]);

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Lines for people instead of JSON. */
  readonly isPretty?: boolean;
  /** Where lines go; standard error by default, since standard output belongs to the command. */
  readonly destination?: DestinationStream;
}

/** The one logger of a process; others are its children (`logger.child({ component })`). */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // Message and stack are no enumerable members: without this an error would log as almost nothing.
    serializers: { error: pino.stdSerializers.err },
    redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
  };
  if (options.destination !== undefined) return pino(settings, options.destination);
  if (options.isPretty === true) {
    return pino({
      ...settings,
      transport: { target: 'pino-pretty', options: { destination: 2, ignore: 'pid,hostname' } },
    });
  }
  return pino(settings, pino.destination({ fd: 2, sync: true }));
}
