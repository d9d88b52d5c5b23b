import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { runProcess } from '../machine/run-process.ts';
import { ImageError } from './image-error.ts';

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

/** containers-auth.json(5), which is the `auths` and `credHelpers` of Docker's config.json. */
const AuthFile = z.looseObject({
  auths: z.record(z.string(), z.looseObject({ auth: z.string().optional() })).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});

/** The file that skopeo and docker would use: REGISTRY_AUTH_FILE, containers/auth.json, ~/.docker/config.json; null: none. */
export function findAuthFile(environment: Readonly<Record<string, string | undefined>>): string | null {
  if (environment.REGISTRY_AUTH_FILE) return environment.REGISTRY_AUTH_FILE;
  const runtime = environment.XDG_RUNTIME_DIR;
  const docker = environment.DOCKER_CONFIG ?? join(environment.HOME ?? homedir(), '.docker');
  const candidates = [...(runtime ? [join(runtime, 'containers/auth.json')] : []), join(docker, 'config.json')];
  return candidates.find(isReadable) ?? null;
}

function isReadable(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * What a file says about a registry (for a repository first, then its namespaces, then the host); null: nothing.
 * @throws ImageError CREDENTIALS_UNREADABLE; the message never holds a secret
 */
export async function readCredentials(
  authFile: string | null,
  registry: string,
  repository: string,
): Promise<RegistryCredentials | null> {
  if (authFile === null) return null;
  const refuse = refusalOf(authFile);
  const { auths = {}, credHelpers = {}, credsStore } = readAuthFile(authFile);
  const helper = new Map(Object.entries(credHelpers)).get(registry);
  if (helper !== undefined) return await askHelper(helper, registry, refuse);
  const known = new Map(Object.entries(auths));
  const keys = [
    ...scopesOf(registry, repository),
    `https://${registry}`,
    `https://${registry}/v1/`,
    `http://${registry}`,
  ];
  if (registry === 'docker.io') keys.push('https://index.docker.io/v1/', 'index.docker.io');
  const found = keys.map((key) => known.get(key)?.auth).find((auth) => auth !== undefined && auth !== '');
  if (found === undefined) return credsStore === undefined ? null : await askHelper(credsStore, registry, refuse);
  const plain = Buffer.from(found, 'base64').toString('utf8');
  const colon = plain.indexOf(':');
  if (colon === -1) throw refuse(`what it has for ${registry} is not user:password in base64`);
  return { username: plain.slice(0, colon), password: plain.slice(colon + 1) };
}

const refusalOf = (authFile: string) => (problem: string, cause?: unknown) =>
  new ImageError('CREDENTIALS_UNREADABLE', `The credentials file ${authFile} cannot be used: ${problem}`, { cause });

/**
 * Reads a whole credentials file, of whatever registries.
 * @throws ImageError CREDENTIALS_UNREADABLE; the message never holds a secret
 */
export function readAuthFile(authFile: string): z.infer<typeof AuthFile> {
  const refuse = refusalOf(authFile);
  let text: string;
  try {
    text = readFileSync(authFile, 'utf8');
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : 'it cannot be read', error);
  }
  // Causes are left out: what JSON.parse and zod say may quote the file.
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw refuse('it is no JSON');
  }
  const parsed = AuthFile.safeParse(json);
  if (!parsed.success) throw refuse('it is not what docker login and skopeo login write');
  return parsed.data;
}

function scopesOf(registry: string, repository: string): string[] {
  const parts = repository.split('/');
  return [...parts.map((_, index) => [registry, ...parts.slice(0, parts.length - index)].join('/')), registry];
}

/** docker-credential-helpers: `get` reads the registry's name and answers JSON; `credentials not found` means none. */
async function askHelper(
  helper: string,
  registry: string,
  refuse: (problem: string) => ImageError,
): Promise<RegistryCredentials | null> {
  if (!/^[A-Za-z0-9._-]+$/.test(helper)) throw refuse('the name of its credential helper is not one');
  const program = `docker-credential-${helper}`;
  const output = await runProcess(
    {
      argv: [program],
      environment: { PATH: process.env['PATH'] ?? '', HOME: homedir() },
      timeoutSeconds: 60,
      input: registry,
    },
    { argv: [program, 'get'], reportsReady: false, kill: 'group' },
  );
  if (output.exitCode !== 0) {
    if (/credentials not found/i.test(output.stdout)) return null;
    throw refuse(`${program} ended with status ${output.exitCode ?? 'unknown'}`);
  }
  const Answer = z.looseObject({ Username: z.string(), Secret: z.string() });
  try {
    const { Username, Secret } = Answer.parse(JSON.parse(output.stdout));
    return { username: Username, password: Secret };
  } catch {
    throw refuse(`${program} did not answer with credentials`);
  }
}
