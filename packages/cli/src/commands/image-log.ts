import { setTimeout as wait } from 'node:timers/promises';
import { GetImageBuildRecord, ListImageBuildLines } from '@patchbay/contracts';
import { Command } from 'commander';
import type { z } from 'zod';
import {
  type AccessFlags,
  connect,
  type OutputFlags,
  print,
  withAccess,
  withOutput,
} from '../control-plane-options.ts';
import { waitForStopSignal } from '../stop-signals.ts';

type Line = z.infer<typeof ListImageBuildLines.output>['lines'][number];
type BuildRecord = z.infer<typeof GetImageBuildRecord.output>;

/** One line of a build: when, where in it, what. */
export function describeBuildLine({ at, step, component, phase, componentStep, text }: Line): string {
  const place = [component === '' ? step : component, phase, componentStep].filter((part) => part !== '').join(' / ');
  return `${at}  ${place}  ${text}`;
}

const pauseMilliseconds = 2_000;

/** `patchbay image log`: what a build printed, or prints. */
export const imageLogCommand = withAccess(new Command('log'))
  .description('Print what the build of an image printed (exit with --follow: 0 available, 1 not)')
  .argument('<arn>', 'of the build of an image: …:image/NAME/VERSION/BUILD')
  .option('--follow', 'go on until the build has ended')
  .action(async (imageBuildVersionArn: string, flags: AccessFlags & { readonly follow?: boolean }) => {
    const client = await connect(flags);
    const stopping = new AbortController();
    void waitForStopSignal().then(() => stopping.abort());
    for (let from = 0; !stopping.signal.aborted; ) {
      const answer = await client.call(ListImageBuildLines, { imageBuildVersionArn, from });
      for (const line of answer.lines) console.log(describeBuildLine(line));
      from = answer.next;
      if (answer.hasEnded || (flags.follow !== true && answer.lines.length === 0)) {
        console.log(`${answer.status}${answer.reason === null ? '' : `: ${answer.reason}`}`);
        if (flags.follow === true && answer.status !== 'AVAILABLE') process.exitCode = 1;
        return;
      }
      if (answer.lines.length === 0) {
        await wait(pauseMilliseconds, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
    process.exit(0);
  });

function seconds({ startedAt, endedAt }: BuildRecord['steps'][number]): string {
  if (startedAt === null || endedAt === null) return '';
  return `${((Date.parse(endedAt) - Date.parse(startedAt)) / 1000).toFixed(1)} s`;
}

export function describeBuildRecord(build: BuildRecord): string[] {
  const { record, failure } = build;
  return [
    `${build.imageBuildVersionArn}  ${build.status}`,
    `recipe      ${build.containerRecipeArn ?? 'none: it was imported'}`,
    ...build.components.map(({ name, version }) => `component   ${name} ${version}`),
    `builder     ${build.builder ?? 'none yet'}${build.attempts > 1 ? ` (attempt ${build.attempts})` : ''}`,
    ...(record === null
      ? []
      : [
          `digest      ${record.digest}`,
          `parent      ${record.parent.reference} ${record.parent.digest}`,
          ...record.archives.map(({ uri, suite, date }) => `archive     ${uri} ${suite} of ${date}`),
          `tools       ${record.tools.map(({ name, version }) => `${name} ${version}`).join(', ')}`,
        ]),
    ...build.steps.map((step) => `${step.status.padEnd(11)} ${step.name} ${seconds(step)} ${step.message}`.trimEnd()),
    ...(failure === null || failure.output === '' ? [] : ['The end of what it printed:', failure.output.trimEnd()]),
  ];
}

/** `patchbay image record`: what an image was made of, and how its build went. */
export const imageRecordCommand = withOutput(withAccess(new Command('record')))
  .description('Show what an image was made of and how its build went')
  .argument('<arn>', 'of the build of an image')
  .action(async (imageBuildVersionArn: string, flags: AccessFlags & OutputFlags) => {
    const client = await connect(flags);
    print(await client.call(GetImageBuildRecord, { imageBuildVersionArn }), flags, describeBuildRecord);
  });
