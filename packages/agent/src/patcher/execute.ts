import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SignedAuthorization } from '@patchbay/contracts';
import { type GroupOutcome, type NodeFacts, type Plan, redactAll, type SimulatedChange } from '@patchbay/facts';
import { audit, type DpkgStatus, installArgv } from '@patchbay/package-managers';
import { comparePlanWithSimulation, takesEffectAtBoot } from '@patchbay/patching';
import type { PinnedKey } from '../authorization.ts';
import type { Machine } from '../machine/index.ts';
import { type AptWorkspace, ask, withSettings } from './apt-workspace.ts';
import type { UsedLists } from './collect-facts.ts';
import { type IndexReader, openIndexReader, rememberIndexes } from './describe-changes.ts';
import { findDiskShortage, noChanges } from './disk-preflight.ts';
import { isDpkgCutOff } from './dpkg-journal.ts';
import { type GroupJournal, openGroupJournal } from './group-journal.ts';
import { type CompletionRequest, completeHalfDone } from './half-done.ts';
import { findUndone, isHalfInstalled, readDpkgStatus } from './installed-state.ts';
import { readAutomaticMarks, restoreAutomaticMarks } from './machine-marks.ts';
import { downloadPackages, removeDownloads, targetsOfChanges } from './package-downloads.ts';
import { describeError } from './patcher-error.ts';
import { notePendingReboot, readPatcherState, recordInstall, writePatcherState } from './patcher-state.ts';
import { prepareBlockingWorkspace, simulateTargets } from './simulate.ts';
import { readEnd, runTransaction, type TransactionEnd } from './transaction.ts';
import { verifyPlan } from './verify-plan.ts';

type Group = Plan['groups'][number];

export interface ExecuteRequest {
  /** Opened read-write. */
  readonly machine: Machine;
  /** The lists that the plan was simulated with, not refreshed since. */
  readonly lists: UsedLists;
  readonly facts: NodeFacts;
  readonly plan: Plan;
  readonly authorization: SignedAuthorization;
  readonly key: PinnedKey;
  readonly nodeId: string;
  readonly operationId: string;
  readonly blocked: readonly string[];
  /** Where the journal is kept; the same directory continues what a crash cut short. */
  readonly runDirectory: string;
  readonly stateFile: string;
  /** How long to wait for whoever holds the package manager's lock; ten minutes where absent. */
  readonly lockWaitSeconds?: number;
  readonly now: () => Date;
  readonly report: (line: string) => void;
  /**
   * True for a root that is thrown away where not all of the plan goes in: its groups are then one transaction, which takes a
   * fraction of the time. What that leaves out is tried group by group. Nobody goes on with such a root after a crash.
   */
  readonly isDisposable?: boolean;
  /** Why nothing more may be begun; null while it may. What has begun is never cut short. */
  readonly findHindrance?: () => string | null;
}

const defaultLockWaitSeconds = 600;

/**
 * Carries out a signed plan, group by group; a group that fails does not stop the others. Called again with the same
 * run directory it goes on where it was, and nothing is run twice.
 * @throws PatcherError NOT_AUTHORIZED, UNREADABLE_STATE; ParseError when dpkg's status cannot be read
 */
export async function executePlan(request: ExecuteRequest): Promise<GroupOutcome[]> {
  const { machine, plan, now, report } = request;
  const authorization = verifyPlan(plan, request.authorization, request);
  mkdirSync(request.runDirectory, { recursive: true, mode: 0o700 });
  const journal = openGroupJournal(
    join(request.runDirectory, 'journal.jsonl'),
    plan.planId,
    await readAutomaticMarks(machine),
    now(),
  );
  const workspace = await prepareExecution(request);
  const ended = await awaitBegun(request, journal);
  const isOpen = (index: number) => journal.outcomeOf(index) === null && !ended.has(index);
  const mayBegin = plan.groups.some((_, index) => isOpen(index));
  const shortage = mayBegin ? await findDiskShortage(machine, plan) : null;
  const obstacle = shortage === null ? null : `There is not enough room on the disk: ${shortage}`;
  if (obstacle !== null) report(obstacle);
  const brokenness = mayBegin && obstacle === null ? await completeHalfDone(completionOf(request)) : null;
  const status = mayBegin ? await readDpkgStatus(machine) : null;
  // Of a group that was lost a part may be in.
  const left = plan.groups.map((group, index) =>
    status === null || journal.attemptsAt(index) === 0
      ? group
      : { ...group, changes: group.changes.filter((change) => findUndone(status, change) !== null) },
  );
  const wanted = left.filter((_, index) => isOpen(index));
  const stop = obstacle ?? brokenness;
  const downloads = stop === null ? await fetchGroups(request, workspace, wanted) : new Map<Group, string | null>();

  const planned = new Set(plan.groups.flatMap(({ changes }) => changes.map(({ name }) => name)));
  const reader = rememberIndexes(openIndexReader(machine, request.lists.archives), planned);
  const whyNot = () => {
    if (stop !== null) return stop;
    if (Date.parse(authorization.expiresAt) <= now().getTime()) {
      return `The plan was to be begun before ${authorization.expiresAt}`;
    }
    return request.findHindrance?.() ?? null;
  };
  const isFetched = (group: Group) => downloads.get(group) === null && group.changes.length > 0;
  const together = request.isDisposable === true ? wanted.filter(isFetched) : [];
  const installed =
    together.length > 1 && whyNot() === null ? await installTogether(request, { workspace, reader }, together) : null;
  const outcomes: GroupOutcome[] = [];
  for (const [index, group] of inOrder(plan.groups, status)) {
    const names = group.changes.map(({ name, toVersion }) => `${name} ${toVersion ?? ''}`.trim()).join(', ');
    report(`Group ${index + 1} of ${plan.groups.length}: ${names}`);
    const known = journal.outcomeOf(index);
    const outcome =
      known ??
      installed?.get(left[index] ?? group) ??
      (await settleGroup(
        request,
        { workspace, journal, group, left: left[index] ?? group, index, reader, end: ended.get(index) ?? null },
        whyNot,
        downloads.get(left[index] ?? group) ?? null,
      ));
    if (known === null) journal.end(index, redactAll(outcome), now());
    report(outcome.status === 'installed' ? '  installed' : `  ${outcome.status} (the reason is told at the end)`);
    outcomes[index] = redactAll(outcome);
  }
  await finish(request, workspace, journal, outcomes);
  return outcomes;
}

/** With their numbers; first what was lost while it was unpacked, because apt takes nothing else before. */
function inOrder(groups: Plan['groups'], status: DpkgStatus | null): [number, Group][] {
  const isLost = ({ changes }: Group) => status !== null && changes.some((change) => isHalfInstalled(status, change));
  const numbered = [...groups.entries()];
  return [...numbered.filter(([, group]) => isLost(group)), ...numbered.filter(([, group]) => !isLost(group))];
}

async function prepareExecution(request: ExecuteRequest): Promise<AptWorkspace> {
  const { options, settings: blocking } = await prepareBlockingWorkspace(request);
  // dpkg(1): without it every file is on the disk before the next is written, for a power cut that this root does not outlive.
  const settings = request.isDisposable === true ? [...blocking, 'Dpkg::Options::=--force-unsafe-io'] : blocking;
  return { settings, options: { ...options, lockTimeoutSeconds: request.lockWaitSeconds ?? defaultLockWaitSeconds } };
}

function completionOf({ machine, plan, report, lockWaitSeconds }: ExecuteRequest): CompletionRequest {
  const waitSeconds = lockWaitSeconds ?? defaultLockWaitSeconds;
  return { machine, waitSeconds, recordNameOf: (step) => recordNameOf(plan, step), report };
}

/** Names the record of a group's command, so that it is found again after a crash. */
function recordNameOf(plan: Plan, step: string): string {
  return `${createHash('sha256').update(plan.planId).digest('hex').slice(0, 16)}.${step}`;
}

/** The newest attempt at a group. */
function recordNameOfAttempt(plan: Plan, index: number, journal: GroupJournal): string {
  const attempt = journal.attemptsAt(index);
  return recordNameOf(plan, attempt < 2 ? `group-${index}` : `group-${index}.${attempt}`);
}

/** A transaction that power loss or a kill cut short is made good once: exact versions can be asked for again. */
const mostAttempts = 2;

/** Waits for the transactions that an earlier start began. What was lost is missing from the answer: it begins again. */
async function awaitBegun(
  { machine, plan, report }: ExecuteRequest,
  journal: GroupJournal,
): Promise<Map<number, TransactionEnd>> {
  const ended = new Map<number, TransactionEnd>();
  for (const index of plan.groups.keys()) {
    const attempts = journal.attemptsAt(index);
    if (attempts === 0 || journal.outcomeOf(index) !== null) continue;
    const output = await machine.resume(recordNameOfAttempt(plan, index, journal));
    const isLost = output === null || output.exitCode === null;
    if (isLost && attempts < mostAttempts) {
      report(`Group ${index + 1} was cut short and is made good`);
      continue;
    }
    const lost = { isGood: false, message: 'it was cut short before it began', lockHolder: null };
    ended.set(index, output === null ? lost : readEnd(output));
  }
  return ended;
}

async function fetchGroups(
  { machine, report }: ExecuteRequest,
  workspace: AptWorkspace,
  groups: readonly Group[],
): Promise<Map<Group, string | null>> {
  if (groups.length === 0) return new Map();
  const bytes = groups.flatMap(({ changes }) => changes).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  report(`Fetching ${groups.flatMap(({ changes }) => changes).length} packages (${bytes} bytes)`);
  const failures = await downloadPackages(machine, workspace, groups);
  return new Map(groups.map((group, index) => [group, failures[index] ?? null]));
}

interface GroupStep {
  readonly workspace: AptWorkspace;
  readonly journal: GroupJournal;
  readonly group: Group;
  /** The group without what an earlier attempt brought in. */
  readonly left: Group;
  readonly index: number;
  /** How its transaction ended, where it was begun before and is not to be begun again. */
  readonly end: TransactionEnd | null;
  readonly reader: IndexReader;
}

async function settleGroup(
  request: ExecuteRequest,
  step: GroupStep,
  findHindrance: () => string | null,
  downloadFailure: string | null,
): Promise<GroupOutcome> {
  const { machine, plan, now, report } = request;
  const { journal, group, left, index, workspace, end: endedBefore } = step;
  const { targets } = group;
  if (endedBefore !== null) {
    report('  it was begun before; looking at what became of it');
    return await judgeGroup(machine, group, endedBefore.message);
  }
  if (left.changes.length === 0) return await judgeGroup(machine, group, '');
  const hindrance = findHindrance();
  if (hindrance !== null) return { targets, status: 'skipped', reason: hindrance };
  if (downloadFailure !== null) return { targets, status: 'failed', reason: downloadFailure };
  const brokenness = (await isDpkgCutOff(machine)) ? await mendCutOff(request, step) : null;
  if (brokenness !== null) return { targets, status: 'skipped', reason: brokenness };
  const difference = await findDifference(request, left, step.reader);
  if (difference !== null) return { targets, status: 'skipped', reason: difference };
  noteBeforeInstall(request, group);
  journal.begin(index, now());
  const argv = withSettings(installArgv(targetsOfChanges(left.changes), workspace.options), workspace.settings);
  const end = await runTransaction(machine, argv, recordNameOfAttempt(plan, index, journal), report);
  return await judgeGroup(machine, group, end.message);
}

/** Brings in several groups by one transaction; answers those that it touched, and leaves the others to be tried alone. */
async function installTogether(
  request: ExecuteRequest,
  { workspace, reader }: Pick<GroupStep, 'workspace' | 'reader'>,
  groups: readonly Group[],
): Promise<Map<Group, GroupOutcome>> {
  const { machine, report } = request;
  const changes = groups.flatMap((group) => group.changes);
  const union = { targets: groups.flatMap(({ targets }) => targets), changes };
  if ((await findDifference(request, union, reader)) !== null) return new Map();
  report(`Installing ${changes.length} packages at once`);
  const argv = withSettings(installArgv(targetsOfChanges(changes), workspace.options), workspace.settings);
  const { message } = await runTransaction(machine, argv, null, report);
  if (message !== '' && (request.findHindrance?.() ?? null) === null) {
    report(`  not all went in (${message}); what is left is tried one by one`);
    // apt stops where a package cannot be unpacked, and leaves those before it to be configured.
    await completeHalfDone(completionOf(request));
  }
  const status = await readDpkgStatus(machine);
  const outcomes = new Map<Group, GroupOutcome>();
  for (const group of groups) {
    const outcome = judgeBy(status, group, message);
    const isUntouched = outcome.status !== 'installed' && (await findDifference(request, group, reader)) === null;
    if (!isUntouched) outcomes.set(group, outcome);
  }
  return outcomes;
}

/**
 * Makes good what dpkg was cut off in, in a group before this one: apt takes nothing else until then. What was told of
 * that group stays. Answers why nothing more may be begun; null where it may.
 */
async function mendCutOff(request: ExecuteRequest, step: GroupStep): Promise<string | null> {
  try {
    return await completeCutOff(request, step);
  } catch (error) {
    // On a full disk, say: what was done so far is told all the same.
    return `What dpkg was cut off in could not be completed: ${describeError(error)}`;
  }
}

async function completeCutOff(request: ExecuteRequest, { journal, workspace }: GroupStep): Promise<string | null> {
  const { machine, plan, now, report } = request;
  // dpkg would fill what little is left, and then nothing could be told.
  const shortage = await findDiskShortage(machine, noChanges);
  if (shortage !== null) return `There is not enough room to complete what dpkg was cut off in: ${shortage}`;
  const brokenness = await completeHalfDone(completionOf(request));
  if (brokenness !== null) return brokenness;
  const status = await readDpkgStatus(machine);
  for (const [index, { changes }] of plan.groups.entries()) {
    const attempts = journal.attemptsAt(index);
    if (attempts === 0 || attempts >= mostAttempts || !changes.some((change) => isHalfInstalled(status, change))) {
      continue;
    }
    report(`  unpacking group ${index + 1} again, which was lost half-way`);
    journal.begin(index, now());
    const left = changes.filter((change) => findUndone(status, change) !== null);
    const argv = withSettings(installArgv(targetsOfChanges(left), workspace.options), workspace.settings);
    await runTransaction(machine, argv, recordNameOfAttempt(plan, index, journal), report);
  }
  return null;
}

/** What was signed must be what happens: the package manager is asked once more, with all that went in before. */
async function findDifference(request: ExecuteRequest, group: Group, reader: IndexReader): Promise<string | null> {
  try {
    const targets = targetsOfChanges(group.changes);
    const simulation = await simulateTargets({ ...request, targets, reader, measuresDisk: false });
    const comparison = comparePlanWithSimulation(group, simulation);
    if (comparison.isEqual) return null;
    return `The package manager would now do something else than planned: ${comparison.differences.join('; ')}`;
  } catch (error) {
    return `The package manager could not be asked again: ${describeError(error)}`;
  }
}

/** The package manager's status may speak of another group, so only what is installed counts. */
async function judgeGroup(machine: Machine, group: Group, message: string): Promise<GroupOutcome> {
  return judgeBy(await readDpkgStatus(machine), group, message);
}

function judgeBy(status: DpkgStatus, group: Group, message: string): GroupOutcome {
  const undone = group.changes.flatMap((change) => findUndone(status, change) ?? []);
  if (undone.length === 0) return { targets: group.targets, status: 'installed', reason: '' };
  const reason = `${undone.join(', ')}${message === '' ? '' : ` (${message})`}`;
  return { targets: group.targets, status: 'failed', reason };
}

async function finish(
  request: ExecuteRequest,
  workspace: AptWorkspace,
  journal: GroupJournal,
  outcomes: readonly GroupOutcome[],
): Promise<void> {
  const { machine, plan, facts, report } = request;
  await removeDownloads(machine);
  const status = await readDpkgStatus(machine);
  const brought = plan.groups.flatMap(({ changes, targets }) =>
    changes.filter(
      (change) =>
        change.action === 'install' &&
        !targets.some(({ name, architecture }) => name === change.name && architecture === change.architecture),
    ),
  );
  const native = (architecture: string): string => (architecture === 'all' ? facts.policy.architecture : architecture);
  const wanted = [...journal.automatic, ...brought].map(({ name, architecture }) => ({
    name,
    architecture: native(architecture),
  }));
  const installed = new Set(status.installed.map(({ name, architecture }) => `${name}:${native(architecture)}`));
  const lost = await restoreAutomaticMarks(machine, workspace, wanted, ({ name, architecture }) =>
    installed.has(`${name}:${architecture}`),
  );
  if (lost !== null) report(lost);
  await saveState(request, status, outcomes);
  const complaints = await ask(machine, audit).catch((error: unknown) => describeError(error));
  if (complaints !== '') report(`dpkg --audit says:\n${complaints}`);
}

/** Noted before the transaction: whatever is lost in it or after it, what it installed is known to wait for a boot. */
function noteBeforeInstall({ machine, facts, stateFile }: ExecuteRequest, group: Group): void {
  const { bootId } = facts.overlay;
  const versions = group.changes.flatMap(({ name, architecture, toVersion }) =>
    toVersion !== null && takesEffectAtBoot(name) ? [{ name, architecture, version: toVersion }] : [],
  );
  if (bootId === '' || versions.length === 0 || machine.kind === 'root-directory') return;
  writePatcherState(stateFile, notePendingReboot(readPatcherState(stateFile), versions, bootId));
}

/** Who raised the flag file is noted with the version, because anybody may remove the file before the next boot. */
async function saveState(
  { machine, plan, facts, stateFile }: ExecuteRequest,
  status: DpkgStatus,
  outcomes: readonly GroupOutcome[],
): Promise<void> {
  const flagged = machine.kind === 'root-directory' ? null : await machine.readFile('/run/reboot-required.pkgs');
  const names = new Set(flagged === null ? [] : Buffer.from(flagged).toString('utf8').split('\n'));
  const results = plan.groups.flatMap(({ changes }, index) => {
    const outcome = outcomes[index];
    // A group that was not begun is still simply missing.
    if (outcome === undefined || outcome.status === 'skipped') return [];
    return changes.flatMap((change) => resultOf(change, status, outcome));
  });
  const recorded = recordInstall(readPatcherState(stateFile), results);
  const waiting = results.filter(({ name, failure }) => failure === null && names.has(name));
  const { bootId } = facts.overlay;
  writePatcherState(stateFile, bootId === '' ? recorded : notePendingReboot(recorded, waiting, bootId));
}

function resultOf(change: SimulatedChange, status: DpkgStatus, outcome: GroupOutcome) {
  const { name, architecture, toVersion } = change;
  if (toVersion === null) return [];
  const isDone = findUndone(status, change) === null;
  return [{ name, architecture, version: toVersion, failure: isDone ? null : outcome.reason }];
}
