import { GetImageFreshness, type ImageFreshnessChange, type ImageNode, ListImageNodes } from '@patchbay/contracts';
import { Command } from 'commander';
import type { z } from 'zod';
import {
  type AccessFlags,
  collectPages,
  connect,
  type OutputFlags,
  print,
  withAccess,
  withOutput,
} from '../control-plane-options.ts';
import { describeItem } from './explain.ts';
import { describeImage } from './image-list.ts';

type Freshness = z.output<typeof GetImageFreshness.output>;

function describeChange({ at, from, to, why }: ImageFreshnessChange): string {
  return `  ${at}  ${from === null || from === to ? to : `${from} → ${to}`}: ${why}`;
}

/** A node with every package in which it differs from its image. */
export function describeImageNode({ instanceId, name, reportedAt, isDrifted, differences }: ImageNode): string[] {
  const drifted = `drifted in ${differences.length} package${differences.length === 1 ? '' : 's'}`;
  const known = isDrifted === true ? drifted : 'as its image';
  const state = isDrifted === null ? 'nobody knows what its image holds' : known;
  return [
    `  ${instanceId}  ${name ?? '-'}  ${state}, reported ${reportedAt}`,
    ...differences.map(
      (each) =>
        `    ${each.change} ${each.name}.${each.architecture}: ${each.imageVersion ?? '-'} → ${each.nodeVersion ?? '-'}`,
    ),
  ];
}

/** One image with the evidence for what it lacks, its history, and the nodes that run from it. */
export function describeFreshness(answer: Freshness, nodes: readonly ImageNode[]): string[] {
  const { image, unknownReasons, faults, others, history } = answer;
  const source = image.isWatched ? 'its watched archives' : 'what its build saw of its archives';
  return [
    ...describeImage(image),
    `  patch group ${image.patchGroup || 'none'}, baseline ${image.baselineId ?? 'none'} revision ${image.baselineRevision ?? '-'}`,
    `  judged ${image.evaluatedAt ?? 'never'} by ${source} as of ${image.offersAsOf ?? 'never'}, valid until ${image.validUntil ?? 'archives or baseline change'}`,
    ...unknownReasons.map(({ message }) => `cannot tell: ${message}`),
    ...[...faults, ...others].flatMap(describeItem),
    'history:',
    ...history.map(describeChange),
    nodes.length === 0 ? 'No node runs from it.' : 'nodes:',
    ...nodes.flatMap(describeImageNode),
  ];
}

const exitCodes = { current: 0, stale: 1, unknown: 2 } as const;

/** `patchbay image show`: one image of the control plane. Ends as `scan` does: 0 current, 1 stale, 2 nobody can tell. */
export const imageShowCommand = withOutput(withAccess(new Command('show')))
  .description('Show one image of the control plane: what it lacks and why, its history, its nodes and their drift')
  .argument('<arn>', 'the ARN of a build: arn:aws:imagebuilder:…:image/NAME/VERSION/BUILD')
  .action(async (imageBuildVersionArn: string, flags: AccessFlags & OutputFlags) => {
    const client = await connect(flags);
    const answer = await client.call(GetImageFreshness, { imageBuildVersionArn });
    const nodes = await collectPages(async (nextToken) => {
      const page = await client.call(ListImageNodes, { imageBuildVersionArn, nextToken });
      return { entries: page.nodes, nextToken: page.nextToken };
    });
    print({ ...answer, nodes }, flags, () => describeFreshness(answer, nodes));
    process.exitCode = exitCodes[answer.image.freshness];
  });
