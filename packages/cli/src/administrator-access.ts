import { readFile } from 'node:fs/promises';
import { AppError } from '@patchbay/facts';
import {
  AdministratorAccess,
  administratorFile,
  DEFAULT_DATA_DIRECTORY,
  layoutDataDirectory,
  writeAdministratorFile,
} from '@patchbay/server';

export class AccessError extends AppError<'NO_INSTALLATION' | 'NO_CREDENTIALS'> {}

/** The access of the first administrator, as the running control plane wrote it down. */
export async function readAdministratorAccess(data: string): Promise<AdministratorAccess> {
  const { path } = layoutDataDirectory(data);
  try {
    return AdministratorAccess.parse(JSON.parse(await readFile(administratorFile(path), 'utf8')));
  } catch (error) {
    throw new AccessError(
      'NO_INSTALLATION',
      `There is no installation in ${path} that this user may read. Start one with ./patchbay up, or name its directory with --data.`,
      { cause: error },
    );
  }
}

/** The access that the environment names, the way `patchbay env` and AWS's own tools do. */
function accessFromEnvironment(environment: Readonly<Record<string, string | undefined>>) {
  const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_DEFAULT_REGION, AWS_REGION, AWS_CA_BUNDLE } =
    environment;
  if (!AWS_ENDPOINT_URL || !AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return undefined;
  return {
    endpoint: AWS_ENDPOINT_URL,
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    region: AWS_DEFAULT_REGION ?? AWS_REGION ?? 'us-east-1',
    ...(AWS_CA_BUNDLE ? { caFile: AWS_CA_BUNDLE } : {}),
  };
}

export interface ChosenAccess {
  readonly access: Omit<AdministratorAccess, 'accountId'>;
  /** The data directory that it was read from; absent when it came from the environment. */
  readonly data?: string;
}

/** What a command signs with: the data directory that is named, or the environment, or the usual data directory. */
export async function chooseAccess(
  data: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ChosenAccess> {
  const named = data === undefined ? accessFromEnvironment(environment) : undefined;
  if (named) return { access: named };
  const directory = data ?? DEFAULT_DATA_DIRECTORY;
  return { access: await readAdministratorAccess(directory), data: directory };
}

/** Writes a new key of the first administrator down in place of the old one. */
export async function rewriteAdministratorAccess(
  data: string,
  { accessKeyId, secretAccessKey }: Pick<AdministratorAccess, 'accessKeyId' | 'secretAccessKey'>,
): Promise<void> {
  const access = await readAdministratorAccess(data);
  await writeAdministratorFile(layoutDataDirectory(data).path, { ...access, accessKeyId, secretAccessKey });
}
