import { describe, expect, it } from 'vitest';
import { createLogger, type LogLevel } from './logger.ts';

describe('createLogger', () => {
  it.each([
    { secretAccessKey: 'hidden' },
    { request: { authorization: 'hidden' } },
    { request: { headers: { cookie: 'hidden' } } },
    { activationCode: 'hidden', shown: 1 },
  ])('keeps secrets out: %j', (fields) => {
    const lines = logLines('info', (logger) => logger.info(fields, 'text'));
    expect(lines.join('')).not.toContain('hidden');
    expect(lines.join('')).toContain('[redacted]');
  });

  it('tells what an error says, where it comes from and what caused it', () => {
    const error = new Error('the effect', { cause: new TypeError('the cause') });
    const [line = ''] = logLines('error', (logger) => logger.error({ error }, 'text'));
    expect(line).toContain('the effect: the cause');
    expect(line).toContain('logger.test.ts');
  });

  it('writes nothing below its level', () => {
    expect(logLines('warn', (logger) => logger.info('text'))).toEqual([]);
    expect(logLines('warn', (logger) => logger.warn('text'))).toHaveLength(1);
  });

  function logLines(level: LogLevel, use: (logger: ReturnType<typeof createLogger>) => void): readonly string[] {
    const lines: string[] = [];
    use(createLogger({ level, destination: { write: (line) => void lines.push(line) } }));
    return lines;
  }
});
