import { type BuilderFinding, checkBuilder } from '@patchbay/agent';
import { Command } from 'commander';
import { type BuilderFlags, readBuilderSettings, withBuilderOptions } from '../builder-options.ts';
import { type OutputFlags, print, withOutput } from '../control-plane-options.ts';
import { waitForStopSignal } from '../stop-signals.ts';

/** A line for each thing, and what follows from all of them. */
export function describeFindings(findings: readonly BuilderFinding[]): string[] {
  const width = Math.max(...findings.map(({ what }) => what.length));
  const lacking = findings.filter(({ isThere }) => !isThere).length;
  return [
    ...findings.map(
      ({ what, isThere, detail }) => `${isThere ? 'ok     ' : 'MISSING'}  ${what.padEnd(width)}  ${detail}`,
    ),
    lacking === 0
      ? 'This machine can build images.'
      : `This machine cannot build images: ${lacking} of ${findings.length} ${lacking === 1 ? 'is' : 'are'} missing.`,
  ];
}

interface CheckFlags extends BuilderFlags, OutputFlags {
  readonly state: string;
}

const check = withBuilderOptions(withOutput(new Command('check')), '')
  .description('Say what this machine lacks to build images; installs nothing (exit: 0 nothing, 1 something)')
  .option('--state <directory>', 'state directory of the builder: its disk is looked at', '/var/lib/patchbay-agent')
  .action(async (flags: CheckFlags) => {
    const stopping = new AbortController();
    void waitForStopSignal().then(() => stopping.abort());
    const settings = readBuilderSettings(flags);
    const findings = await checkBuilder({ settings, directory: flags.state, signal: stopping.signal });
    print(findings, flags, describeFindings);
    process.exit(findings.every(({ isThere }) => isThere) ? 0 : 1);
  });

/** `patchbay builder`: machines that build images. */
export const builderCommand = new Command('builder')
  .description('Look after machines that build images (the builder itself: agent --builder, or up --builder)')
  .addCommand(check);
