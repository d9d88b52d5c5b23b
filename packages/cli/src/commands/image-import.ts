import { ImportImage } from '@patchbay/contracts';
import { Command } from 'commander';
import {
  type AccessFlags,
  connect,
  type OutputFlags,
  print,
  withAccess,
  withOutput,
} from '../control-plane-options.ts';
import { collect } from '../repeated-option.ts';

interface Flags extends AccessFlags, OutputFlags {
  readonly name: string;
  readonly version: string;
  readonly patchGroup?: string;
  readonly allowHost?: readonly string[];
}

/** `patchbay image import`: an image of a registry becomes one of the control plane, once a builder has looked into it. */
export const imageImportCommand = withOutput(withAccess(new Command('import')))
  .description('Let a builder look into an image of a registry, and keep it as one that was built here')
  .argument('<reference>', 'registry/name[:tag|@digest]')
  .requiredOption('--name <name>', 'what it is called here')
  .requiredOption('--version <version>', 'its version here: 1.2.3; the build is the next')
  .option('--patch-group <group>', "by whose baseline it is judged (default: its operating system's)")
  .option(
    '--allow-host <host>',
    "HOST[:PORT] of its archives, where they are neither the builder's nor public; may be given several times",
    collect,
  )
  .action(async (reference: string, flags: Flags) => {
    const client = await connect(flags);
    const { name, version: semanticVersion, patchGroup, allowHost = [] } = flags;
    const tags = allowHost.length === 0 ? {} : { 'patchbay:allowed-hosts': allowHost.join(' ') };
    const answer = await client.call(ImportImage, { name, semanticVersion, reference, patchGroup, tags });
    print(answer, flags, ({ imageBuildVersionArn }) => [imageBuildVersionArn]);
  });
