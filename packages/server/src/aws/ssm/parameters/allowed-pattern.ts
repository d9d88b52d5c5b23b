import { compilePattern } from '@patchbay/patching';
import { ParameterError } from './errors.ts';

/**
 * Refuses a value that its AllowedPattern does not match as a whole (Parameter Store user guide, "Managing parameters using
 * hierarchies": `10,000` is not `\d{1,4}`). The value is in no message: it may be a secret.
 */
export function requireAllowed(value: string, pattern: string): void {
  // By itself first: `a)|(b` is one only between the parentheses.
  const alone = compilePattern(pattern);
  const whole = alone.ok ? compilePattern(`^(?:${pattern})$`) : alone;
  if (!whole.ok)
    throw new ParameterError('PARAMETER_PATTERN', `The allowed pattern cannot be used. ${whole.problem}: ${pattern}`);
  if (whole.pattern.test(value)) return;
  throw new ParameterError(
    'PARAMETER_VALUE_MISMATCH',
    `Parameter value, cannot be validated against allowedPattern: ${pattern}`,
  );
}
