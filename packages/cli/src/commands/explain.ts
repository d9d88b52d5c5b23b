import { GetNodeFacts, GetNodeVerdict } from '@patchbay/contracts';
import type { NodeOverlay, VerdictItem } from '@patchbay/facts';
import { Argument, Command } from 'commander';
import { type AccessFlags, connect, type OutputFlags, withAccess, withOutput } from '../control-plane-options.ts';
import { describeOverlay } from './describe-overlay.ts';

/** One item with all that its verdict rests on. */
export function describeItem(item: VerdictItem): string[] {
  const { evidence } = item;
  const lines = [
    `${item.name}.${item.architecture}: ${item.state}`,
    `  ${item.reason}`,
    `  installed ${item.installedVersion ?? 'nothing'}, target ${item.targetVersion ?? 'none'}, candidate ${evidence.candidate ?? 'none'}`,
    `  approved by ${evidence.approvedBy ?? 'nothing'}`,
  ];
  for (const offer of evidence.offered) {
    lines.push(`  offered ${offer.version}${offer.security ? ' (security)' : ''} by ${offer.archives.join('; ')}`);
  }
  const { clock } = evidence;
  if (clock) {
    lines.push(
      `  clock: ${clock.source} ${clock.sourceVersion} in ${clock.archive}: ${clock.rung}, available ${clock.availableAt ?? 'since before the first look'}, approved ${clock.approvedAt ?? 'at once'}`,
    );
  }
  return [...lines, ...evidence.notes.map((note) => `  note: ${note}`)];
}

const settled = new Set(['installed', 'installed-other', 'excluded']);

/** `patchbay explain`: today's verdict on a node, with its evidence. */
export const explainCommand = withOutput(withAccess(new Command('explain')))
  .description("Show today's verdict on a node with the evidence for every item, and what the machine told of itself")
  .addArgument(new Argument('<instance-id>', 'mi-...'))
  .option('--package <name>', 'only this package, whatever its state')
  .action(async (instanceId: string, flags: AccessFlags & OutputFlags & { readonly package?: string }) => {
    const client = await connect(flags);
    const answer = await client.call(GetNodeVerdict, { instanceId });
    const { verdict } = answer;
    const overlay: NodeOverlay | null =
      answer.factsReceivedAt === null ? null : (await client.call(GetNodeFacts, { instanceId })).facts.overlay;
    const items = verdict.items.filter((item) =>
      flags.package === undefined ? !settled.has(item.state) : item.name === flags.package,
    );
    if (flags.output === 'json') {
      console.log(JSON.stringify({ ...answer, overlay, verdict: { ...verdict, items } }, null, 2));
      return;
    }
    console.log(
      `${instanceId}: ${verdict.status} under ${answer.baselineName} (patch group ${answer.patchGroup || 'none'})`,
    );
    console.log(
      `facts of ${answer.factsReceivedAt ?? 'never'}, valid until ${verdict.validUntil ?? 'facts or baseline change'}`,
    );
    for (const reason of verdict.unknownReasons) console.log(`cannot tell: ${reason.message}`);
    for (const line of overlay === null ? [] : describeOverlay(overlay)) console.log(line);
    for (const item of items) console.log(describeItem(item).join('\n'));
    if (items.length === 0)
      console.log(flags.package === undefined ? 'Nothing is missing or waiting.' : 'No such package is installed.');
  });
