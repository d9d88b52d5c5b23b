import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { buildAgentPackage, type PackageArchitecture, packageArchitectures } from '@patchbay/agent-package';
import { agentPackageDirectory, DEFAULT_DATA_DIRECTORY, prepareDataDirectory } from '@patchbay/server';
import { Command, Option } from 'commander';

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

const build = new Command('build')
  .description("Build the Debian package of this clone's agent, for the control plane to serve")
  .option('--data <directory>', 'data directory of the control plane', DEFAULT_DATA_DIRECTORY)
  .addOption(
    new Option('--architecture <name>', 'of the machines to install it on')
      .choices(packageArchitectures)
      .default(process.arch === 'arm64' ? 'arm64' : 'amd64'),
  )
  .action(async ({ data, architecture }: { data: string; architecture: PackageArchitecture }) => {
    console.log(await provideAgentPackage(data, architecture));
  });

/** `patchbay agent-package build`: the agent as a Debian package. */
export const agentPackageCommand = new Command('agent-package')
  .description('Build the agent as a Debian package that the control plane serves')
  .addCommand(build);
