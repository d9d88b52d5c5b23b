import { Script } from 'node:vm';
import { ParameterError } from './errors.ts';

/** The longest that a pattern may keep the whole server waiting. */
const patienceMilliseconds = 50;

/**
 * In a context of its own only because that is where Node limits the time; V8 looks at the limit while it backtracks, so
 * a pattern such as `(a+)+` over a long value ends there.
 */
const matchWhole = new Script("new RegExp('^(?:' + pattern + ')$').test(value)");

function requirePattern(pattern: string): void {
  try {
    RegExp(pattern);
  } catch (error) {
    throw new ParameterError('PARAMETER_PATTERN', `The allowed pattern is not a regular expression: ${pattern}`, {
      cause: error,
    });
  }
}

/**
 * Refuses a value that its AllowedPattern does not match as a whole (Parameter Store user guide, "Managing parameters using
 * hierarchies": `10,000` is not `\d{1,4}`). The value is in no message: it may be a secret.
 */
export function requireAllowed(value: string, pattern: string): void {
  requirePattern(pattern);
  let isAllowed: unknown;
  try {
    isAllowed = matchWhole.runInNewContext({ pattern, value }, { timeout: patienceMilliseconds });
  } catch {
    throw new ParameterError(
      'PARAMETER_PATTERN',
      `The allowed pattern takes too long on this value; write it without repetitions inside of repetitions: ${pattern}`,
    );
  }
  if (isAllowed !== true) {
    throw new ParameterError(
      'PARAMETER_VALUE_MISMATCH',
      `Parameter value, cannot be validated against allowedPattern: ${pattern}`,
    );
  }
}
