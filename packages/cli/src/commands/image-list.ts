import { type ImageFreshnessSummary, ListImageFreshness } from '@patchbay/contracts';
import { Command } from 'commander';
import {
  type AccessFlags,
  collectPages,
  connect,
  type OutputFlags,
  print,
  withAccess,
  withOutput,
} from '../control-plane-options.ts';
import { collect } from '../repeated-option.ts';

/** One image: which, how fresh, and why. */
export function describeImage(image: ImageFreshnessSummary): string[] {
  const { name, version, freshness, since, why, imageBuildVersionArn } = image;
  return [
    `${freshness.padEnd(7)}  ${name} ${version}  ${since === null ? 'not judged yet' : `since ${since}`}`,
    `  ${why}`,
    `  ${imageBuildVersionArn}`,
  ];
}

interface Flags extends AccessFlags, OutputFlags {
  readonly stale: boolean;
  readonly newest: boolean;
  readonly name?: readonly string[];
}

/** `patchbay image list`: the images of the control plane, and which of them are out of date. */
export const imageListCommand = withOutput(withAccess(new Command('list')))
  .description('List the images of the control plane: which are current, which stale, which nobody can tell, and why')
  .option('--stale', 'only those that are stale or that nobody can tell', false)
  .option('--newest', 'only the newest build of each version', false)
  .option('--name <name>', 'only images of this name; may be given several times', collect)
  .action(async (flags: Flags) => {
    const client = await connect(flags);
    const images = await collectPages(async (nextToken) => {
      const page = await client.call(ListImageFreshness, {
        newestBuildOnly: flags.newest,
        ...(flags.name === undefined ? {} : { names: [...flags.name] }),
        ...(flags.stale ? { freshness: ['stale' as const, 'unknown' as const] } : {}),
        nextToken,
      });
      return { entries: page.images, nextToken: page.nextToken };
    });
    const none = flags.stale ? 'No image is stale.' : 'There are no images.';
    print(images, flags, () => (images.length === 0 ? [none] : images.flatMap(describeImage)));
  });
