import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildAgentPackage, type PackageArchitecture, packageArchitectures } from '@patchbay/agent-package';
import { AppError } from '@patchbay/facts';
import {
  agentPackageDirectory,
  DEFAULT_DATA_DIRECTORY,
  prepareDataDirectory,
  signedElsewhere,
  writeChecksumsOf,
} from '@patchbay/server';
import { Command, Option } from 'commander';

export class ReleaseKeyError extends AppError<'INVALID_RELEASE_KEY'> {}

interface BuildFlags {
  readonly data: string;
  readonly architecture: PackageArchitecture;
  readonly releaseKey?: string;
}

/** Builds the package of this clone's agent and gives it to the control plane to serve. Answers where it is. */
export async function provideAgentPackage(data: string, architecture: PackageArchitecture): Promise<string> {
  const layout = await prepareDataDirectory(data);
  const built = await buildAgentPackage({ architecture });
  const directory = agentPackageDirectory(layout.path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, built.fileName);
  copyFileSync(built.path, `${path}.new`);
  // Whoever downloads now gets the old file to its end.
  renameSync(`${path}.new`, path);
  return path;
}

/**
 * Signs all packages that are there with a key that the control plane does not have. From then on it serves this
 * signature, and so a package that comes later has to be signed as well before any node installs it.
 */
async function signElsewhere(directory: string, keyFile: string): Promise<void> {
  const key = readReleaseKey(keyFile);
  const text = await writeChecksumsOf(directory);
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');
  const files = [
    [signedElsewhere.checksums, text],
    [signedElsewhere.signature, `${sign(null, Buffer.from(text), key).toString('base64')}\n`],
    [signedElsewhere.publicKey, `${publicKey}\n`],
  ] as const;
  for (const [name, content] of files) writeFileSync(join(directory, name), content);
}

function readReleaseKey(file: string): KeyObject {
  try {
    const key = createPrivateKey(readFileSync(file));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (error) {
    throw new ReleaseKeyError('INVALID_RELEASE_KEY', `${file} cannot be read as a private key in PEM.`, {
      cause: error,
    });
  }
  throw new ReleaseKeyError(
    'INVALID_RELEASE_KEY',
    `${file} is no Ed25519 key. Make one with: openssl genpkey -algorithm ed25519 -out ${file}`,
  );
}

const build = new Command('build')
  .description("Build the Debian package of this clone's agent, for the control plane to serve")
  .option('--data <directory>', 'data directory of the control plane', DEFAULT_DATA_DIRECTORY)
  .addOption(
    new Option('--architecture <name>', 'of the machines to install it on')
      .choices(packageArchitectures)
      .default(process.arch === 'arm64' ? 'arm64' : 'amd64'),
  )
  .option('--release-key <file>', 'private Ed25519 key in PEM that is kept away from the control plane')
  .action(async ({ data, architecture, releaseKey }: BuildFlags) => {
    const path = await provideAgentPackage(data, architecture);
    if (releaseKey !== undefined) await signElsewhere(dirname(path), releaseKey);
    console.log(path);
  });

/** `patchbay agent-package build`: the agent as a Debian package. */
export const agentPackageCommand = new Command('agent-package')
  .description('Build the agent as a Debian package that the control plane serves')
  .addCommand(build);
