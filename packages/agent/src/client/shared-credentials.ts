import type { Credentials } from '@patchbay/aws-wire/signing';
import { AgentError } from '../agent-error.ts';
import { readTextOrNull } from '../state/durable-file.ts';
import type { RoleCredentials } from './role-credentials.ts';

const profile = 'default';

/** Credentials that another agent keeps fresh in a file: read anew for every call. */
export function createSharedCredentials(path: string): RoleCredentials {
  return { current: async () => readSharedCredentials(path), forget: () => {} };
}

/**
 * The profile `default` of an AWS shared credentials file (AWS SDKs reference guide, "Format of config and credentials
 * files").
 * @throws AgentError NOT_ENROLLED
 */
export function readSharedCredentials(path: string): Credentials {
  const values = readProfile(readTextOrNull(path) ?? '');
  const [accessKeyId, secretAccessKey, sessionToken] = [
    'aws_access_key_id',
    'aws_secret_access_key',
    'aws_session_token',
  ].map((name) => values.get(name));
  if (accessKeyId && secretAccessKey && sessionToken) return { accessKeyId, secretAccessKey, sessionToken };
  throw new AgentError(
    'NOT_ENROLLED',
    `${path} has no credentials of this node in its profile "${profile}". Amazon's agent writes them there while Profile.ShareCreds of its configuration is true and Profile.ShareProfile names no other profile.`,
  );
}

function readProfile(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let section = '';
  for (const line of text.split(/\r?\n/)) {
    section = /^\s*\[\s*(?<name>[^\]]+?)\s*\]/.exec(line)?.groups?.['name'] ?? section;
    const { name, value } = /^\s*(?<name>[a-z_]+)\s*=\s*(?<value>\S+)\s*$/.exec(line)?.groups ?? {};
    if (section === profile && name !== undefined && value !== undefined) values.set(name, value);
  }
  return values;
}
