import { setTimeout as wait } from 'node:timers/promises';
import {
  CreatePatchPlan,
  GetPatchPlan,
  ListPatchPlans,
  type PatchPlanSummary,
  type PatchPlanTarget,
} from '@patchbay/contracts';
import { AppError } from '@patchbay/facts';
import { Argument, Command, InvalidArgumentError } from 'commander';
import type { ControlPlaneClient } from '../control-plane-client.ts';
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
import { waitForStopSignal } from '../stop-signals.ts';
import { describePlan, isWhole } from './describe-plan.ts';
import { readWholePlan } from './stored-plan.ts';

export class PlanFlagsError extends AppError<'PLAN_FLAGS'> {}

const lookMilliseconds = 2_000;
const defaultTimeoutSeconds = 300;

interface Flags extends AccessFlags, OutputFlags {
  readonly window?: string;
  readonly targets?: readonly string[];
  readonly instanceIds?: readonly string[];
  readonly maxConcurrency?: string;
  readonly timeout: number;
  readonly list?: true;
}

/** `Key=tag:PatchGroup,Values=web,db`, as the aws CLI takes it. @throws PlanFlagsError PLAN_FLAGS */
export function readTarget(text: string): PatchPlanTarget {
  const [, key = '', values = ''] = /^Key=([^,]+),Values=(.+)$/.exec(text) ?? [];
  const list = values.split(',').filter((value) => value !== '');
  if (key === '' || list.length === 0) {
    throw new PlanFlagsError('PLAN_FLAGS', `--targets ${text} is not of the form Key=tag:PatchGroup,Values=web,db.`);
  }
  return { key, values: list };
}

export function readSeconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Expected a number of seconds.');
  return Number(text);
}

/** Waits until every node that can answer has answered. Answers why it stopped waiting. */
async function awaitAnswers(
  client: ControlPlaneClient,
  planId: string,
  timeoutSeconds: number,
): Promise<'answered' | 'timeout' | 'stopped'> {
  const stopped = waitForStopSignal().then(() => 'stopped' as const);
  const deadline = Date.now() + timeoutSeconds * 1000;
  let told = '';
  for (;;) {
    const { plan } = await client.call(GetPatchPlan, { planId, maxResults: 1 });
    const { ready, waiting, offline, failed } = plan.nodes;
    const words = `${ready} answered, ${waiting} to come, ${offline} offline, ${failed} failed`;
    if (words !== told) console.error(words);
    told = words;
    if (waiting === 0) return 'answered';
    if (Date.now() >= deadline) return 'timeout';
    const end = await Promise.race([stopped, wait(lookMilliseconds).then(() => null)]);
    if (end !== null) return end;
  }
}

function describeSummary({ planId, createdAt, expiresAt, windowId, targets, nodes }: PatchPlanSummary): string {
  const total = nodes.ready + nodes.waiting + nodes.offline + nodes.failed;
  const meant = windowId ?? targets.map(({ key, values }) => `${key}=${values.join(',')}`).join(' ');
  return `${planId}  ${createdAt}  until ${expiresAt}  ${nodes.ready} of ${total} nodes  ${meant}`;
}

async function listPlans(client: ControlPlaneClient, flags: Flags): Promise<void> {
  const plans = await collectPages(async (nextToken) => {
    const page = await client.call(ListPatchPlans, { nextToken });
    return { entries: page.plans, nextToken: page.nextToken };
  });
  print(plans, flags, () => (plans.length === 0 ? ['There are no plans.'] : plans.map(describeSummary)));
}

/** @throws PlanFlagsError PLAN_FLAGS */
function requireOneSubject(planId: string | undefined, { window, targets, instanceIds }: Flags): void {
  if ([planId, window, targets, instanceIds].filter((each) => each !== undefined).length === 1) return;
  throw new PlanFlagsError(
    'PLAN_FLAGS',
    'Say what to plan for with one of --window, --targets and --instance-ids, or name a plan to show.',
  );
}

async function makePlan(client: ControlPlaneClient, flags: Flags): Promise<string> {
  const { window: windowId, targets, instanceIds, maxConcurrency } = flags;
  const { plan } = await client.call(CreatePatchPlan, {
    ...(windowId === undefined ? {} : { windowId }),
    ...(targets === undefined ? {} : { targets: targets.map(readTarget) }),
    ...(instanceIds === undefined ? {} : { instanceIds: [...instanceIds] }),
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
  });
  console.error(`Plan ${plan.planId} is being made; patchbay plan ${plan.planId} shows it at any time.`);
  return plan.planId;
}

/** `patchbay plan`: what patching would change, on which node and why, before anything is touched. */
export const planCommand = withOutput(withAccess(new Command('plan')))
  .description('Show exactly what patching would change, and keep it as a plan that can be carried out')
  .addArgument(new Argument('[plan-id]', 'show this plan instead of making one'))
  .option('--window <id>', 'for the nodes that this maintenance window patches, mw-...')
  .option('--targets <target>', 'Key=tag:PatchGroup,Values=web; several must all hold', collect)
  .option('--instance-ids <id...>', 'for these nodes, mi-...')
  .option('--max-concurrency <rate>', 'how many nodes look at once: 50 or 10% (default: 50)')
  .option('--timeout <seconds>', 'how long to wait for answers', readSeconds, defaultTimeoutSeconds)
  .option('--list', 'list the plans that there are')
  .addHelpText(
    'after',
    `
Nothing is changed on any node. Who does not answer in time is listed as such; the plan goes on without this command.
Exit status: 0 every node was planned, 1 some node was not, or cannot be judged whole, 2 an error, 130 interrupted.`,
  )
  .action(async (named: string | undefined, flags: Flags) => {
    if (flags.list) return await listPlans(await connect(flags), flags);
    requireOneSubject(named, flags);
    const client = await connect(flags);
    const planId = named ?? (await makePlan(client, flags));
    if (named === undefined) {
      const end = await awaitAnswers(client, planId, flags.timeout);
      if (end === 'stopped') {
        console.error(`Not waiting any more. The plan stays: patchbay plan ${planId}`);
        process.exit(130);
      }
      if (end === 'timeout') console.error(`Some nodes have not answered within ${flags.timeout} seconds.`);
    }
    const whole = await readWholePlan(client, planId);
    print(whole, flags, describePlan);
    process.exitCode = isWhole(whole) ? 0 : 1;
  });
