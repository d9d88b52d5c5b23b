import type { ContainerBuildOrder } from '@patchbay/contracts';
import type { NodeFacts } from '@patchbay/facts';
import { contentDigest } from '@patchbay/facts/digest';
import type { Machine } from '../machine/index.ts';
import { imageOriginPath } from '../patcher/image-origin.ts';
import { BuildFailure } from './build-failure.ts';

/**
 * A digest of all that an image is made from and of the packages that came out of it. It names no build: the same things
 * built again are the same image, byte for byte.
 */
export function originIdOf(
  { containerRecipeArn, template, workingDirectory, components }: ContainerBuildOrder,
  parentDigest: string,
  { installed }: Pick<NodeFacts, 'installed'>,
): string {
  return contentDigest({ containerRecipeArn, template, workingDirectory, components, parentDigest, installed });
}

/** Replaces what stands there, whatever it is: no link of the image is followed. */
const writeScript = `set -e
if [ -L /etc ] || [ -L /etc/patchbay ]; then echo "/etc/patchbay is reached by a link" >&2; exit 1; fi
mkdir -p /etc/patchbay
rm -rf /etc/patchbay/image
cat >/etc/patchbay/image
chmod 644 /etc/patchbay/image`;

/** Lets machines that are made from an image say so. @throws BuildFailure */
export async function writeOrigin(
  machine: Pick<Machine, 'run'>,
  origin: { readonly recipeArn: string; readonly originId: string },
): Promise<void> {
  const { exitCode, stderr } = await machine.run({
    argv: ['/bin/sh', '-c', writeScript],
    input: `${JSON.stringify(origin)}\n`,
    timeoutSeconds: 60,
  });
  if (exitCode !== 0) throw new BuildFailure(`${imageOriginPath} could not be written: ${stderr.trim()}`);
}
