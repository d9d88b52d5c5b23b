import { z } from 'zod';
import { isStorableTime } from '../../../operations/storable-time.ts';
import { ParameterError } from './errors.ts';

/** One policy as it was given; nothing is sent for the two that notify. */
export interface ParameterPolicy {
  readonly type: 'Expiration' | 'ExpirationNotification' | 'NoChangeNotification';
  readonly text: string;
}

export interface ParameterPolicies {
  readonly policies: readonly ParameterPolicy[];
  readonly expiresAt: Date | null;
}

const mostPolicies = 10;

const Policy = z.object({
  Type: z.string(),
  Version: z.string().optional(),
  Attributes: z.record(z.string(), z.unknown()).optional(),
});

const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

function invalidAttribute(message: string): ParameterError {
  return new ParameterError('PARAMETER_POLICY_ATTRIBUTE', message);
}

function readExpiration(attributes: Readonly<Record<string, unknown>>, now: Date): Date {
  const text = attributes['Timestamp'];
  const time = typeof text === 'string' && isoTime.test(text) ? new Date(text) : new Date(Number.NaN);
  if (!isStorableTime(time)) {
    throw invalidAttribute('Expiration needs a Timestamp such as 2030-12-02T21:34:33.000Z.');
  }
  if (time <= now) throw invalidAttribute('The Timestamp of Expiration must lie in the future.');
  return time;
}

function requirePeriod(type: string, name: string, attributes: Readonly<Record<string, unknown>>): void {
  const { [name]: count, Unit: unit } = attributes;
  const isCount = (typeof count === 'string' || typeof count === 'number') && /^[1-9]\d{0,4}$/.test(String(count));
  if (isCount && (unit === 'Days' || unit === 'Hours')) return;
  throw invalidAttribute(`${type} needs ${name}, a number such as "15", and Unit, which is Days or Hours.`);
}

function readEntries(text: string): unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  if (!Array.isArray(parsed)) {
    throw new ParameterError('PARAMETER_INVALID', 'Policies must be a JSON array of parameter policies.');
  }
  return parsed as unknown[];
}

/** Reads the member Policies; `[]` and `[{}]` take all policies away ("Assigning parameter policies"). */
export function readPolicies(text: string, now: Date): ParameterPolicies {
  const entries = readEntries(text).filter(
    (entry) => !(typeof entry === 'object' && entry !== null && Object.keys(entry).length === 0),
  );
  if (entries.length > mostPolicies) {
    throw new ParameterError('PARAMETER_POLICY_LIMIT', `A parameter can have at most ${mostPolicies} policies.`);
  }
  const policies: ParameterPolicy[] = [];
  let expiresAt: Date | null = null;
  for (const entry of entries) {
    const parsed = Policy.safeParse(entry);
    if (!parsed.success) {
      throw invalidAttribute('A policy is an object with the members Type, Version and Attributes.');
    }
    const { Type: type, Version: version = '1.0', Attributes: attributes = {} } = parsed.data;
    if (type === 'Expiration') {
      if (expiresAt) {
        throw new ParameterError('PARAMETER_POLICY_CONFLICT', 'A parameter can have one Expiration policy only.');
      }
      expiresAt = readExpiration(attributes, now);
    } else if (type === 'ExpirationNotification') requirePeriod(type, 'Before', attributes);
    else if (type === 'NoChangeNotification') requirePeriod(type, 'After', attributes);
    else {
      throw new ParameterError(
        'PARAMETER_POLICY_TYPE',
        `There is no policy ${type}; there are Expiration, ExpirationNotification and NoChangeNotification.`,
      );
    }
    if (version !== '1.0') throw invalidAttribute(`The Version of a policy is 1.0, not ${version}.`);
    policies.push({ type, text: JSON.stringify(entry) });
  }
  return { policies, expiresAt };
}
