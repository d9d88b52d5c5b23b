import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { HttpConnection } from '../client/index.ts';
import type { AgentUpdateRequest } from '../patch-run.ts';
import {
  type Identity,
  isProcessRunning,
  type ProcessIdentity,
  readJsonFile,
  readLockHolder,
  readOnlineNote,
  type StateDirectory,
  writeFileDurably,
} from '../state/index.ts';
import type { Timers } from '../timers.ts';
import type { Dpkg } from './dpkg.ts';
import { fetchReleaseFile, keepPackages, obtainPackage } from './package-store.ts';
import { choosePackage, type ReleasedPackage, readReleaseIndex } from './release-index.ts';
import { UpdateError } from './update-error.ts';

export interface UpdateParts {
  readonly request: AgentUpdateRequest;
  readonly identity: Pick<Identity, 'releaseKey'>;
  readonly state: Pick<StateDirectory, 'path' | 'packages' | 'onlineFile'>;
  readonly runDirectory: string;
  readonly connection: Pick<HttpConnection, 'get'>;
  readonly dpkg: Dpkg;
  /** Whether the package restarts its unit by itself. Elsewhere a supervisor starts the agent again when it ends. */
  readonly isSystemd: boolean;
  readonly timers: Timers;
  readonly report: (line: string) => void;
  readonly complain: (line: string) => void;
}

/** Written before anything is changed: an update that was cut off is judged by it and not begun again. */
const Checkpoint = z.object({
  from: z.string(),
  to: z.string(),
  oldPackage: z.string(),
  newPackage: z.string(),
});
type Checkpoint = z.infer<typeof Checkpoint>;

const packageName = 'patchbay-agent';
const lookMilliseconds = 500;
/** A version that reports in and falls over at once did not come up. */
const steadyMilliseconds = 5_000;
/** How long whoever installs something else is waited for. */
const installAttempts = 30;
const installPauseMilliseconds = 10_000;
const stopMilliseconds = 30_000;

/**
 * Puts another version of the agent in place of the installed one, and the old one back when the new one does not report
 * in. Runs apart from the agent, in a program that was loaded before anything is replaced. Answers the exit code.
 *
 * @throws UpdateError, UnreachableError before anything was changed
 */
export async function updateAgent(parts: UpdateParts): Promise<0 | 1> {
  const checkpointFile = join(parts.runDirectory, 'update.json');
  const earlier = readJsonFile(checkpointFile, Checkpoint);
  if (earlier !== null) {
    parts.report('Going on with an update that was cut off');
    const installed = await parts.dpkg.findInstalled(packageName);
    const isInPlace = installed?.isWhole === true && installed.version === earlier.to;
    return await settle(parts, earlier, isInPlace ? { isInstalled: true, stale: null } : { isInstalled: false });
  }
  const checkpoint = await prepare(parts);
  if (checkpoint === null) return 0;
  writeFileDurably(checkpointFile, JSON.stringify(checkpoint));
  const stale = await install(parts, checkpoint.newPackage, checkpoint.from);
  return await settle(parts, checkpoint, stale);
}

/** Both packages, the new and the way back, are here and checked before anything changes. Null: nothing is to do. */
async function prepare(parts: UpdateParts): Promise<Checkpoint | null> {
  const { request, identity, connection, dpkg, state, report } = parts;
  const installed = await dpkg.findInstalled(packageName);
  if (installed === null) {
    throw new UpdateError('NOT_A_PACKAGE', `dpkg knows no ${packageName} here: this agent was not installed from it.`);
  }
  if (identity.releaseKey === null) {
    throw new UpdateError(
      'NO_RELEASE_KEY',
      `This node enrolled before its control plane had a release key, so it cannot tell whether a package is genuine. Install the new version by hand once (apt install ./${packageName}_VERSION_ARCHITECTURE.deb, from the control plane's /agent/); to have updates from then on, stop the agent, remove ${state.path} and paste a new line of "patchbay enrol-line": the machine becomes a new node.`,
    );
  }
  const index = readReleaseIndex(
    await fetchReleaseFile(connection, 'SHA256SUMS'),
    (await fetchReleaseFile(connection, 'SHA256SUMS.sig')).toString('utf8'),
    identity.releaseKey,
  );
  const architecture = await dpkg.readArchitecture();
  const { version, allowDowngrade } = request;
  const chosen = choosePackage(index, { installed: installed.version, version, allowDowngrade, architecture });
  if (chosen === null) {
    report(`${packageName} ${installed.version} is in place already`);
    return null;
  }
  report(`Fetching ${chosen.fileName}`);
  const newPackage = await obtainPackage(state.packages, chosen, connection);
  const oldPackage = await obtainOldPackage(parts, index, installed.version, architecture);
  return { from: installed.version, to: chosen.version, oldPackage, newPackage };
}

/** The package of the version that runs: kept from its own installation, or still served. */
async function obtainOldPackage(
  { state, connection }: UpdateParts,
  index: readonly ReleasedPackage[],
  version: string,
  architecture: string,
): Promise<string> {
  const kept = join(state.packages, `${packageName}_${version}_${architecture}.deb`);
  if (existsSync(kept)) return kept;
  const served = index.find((each) => each.version === version && each.architecture === architecture);
  if (served !== undefined) return await obtainPackage(state.packages, served, connection);
  throw new UpdateError(
    'NO_WAY_BACK',
    `The package of the installed version ${version} is neither in ${state.packages} nor served any more, so a failed update could not be undone. Put it there, or install the new version by hand.`,
  );
}

type Installation =
  /** `stale`: an agent that still runs what was there before, and has to be ended. */
  { readonly isInstalled: true; readonly stale: ProcessIdentity | null } | { readonly isInstalled: false };

/** Tries again while dpkg refuses without having changed anything: most often somebody else is installing. */
async function install(parts: UpdateParts, file: string, from: string): Promise<Installation> {
  const { dpkg, timers, state, report, isSystemd } = parts;
  const before = readLockHolder(state.path);
  report(`Installing ${file}`);
  for (let attempt = 1; ; attempt += 1) {
    if (await dpkg.install(file, report)) {
      // systemd started a new one at the end. Elsewhere even a new one may have begun in the midst of the unpacking.
      return { isInstalled: true, stale: isSystemd ? before : readLockHolder(state.path) };
    }
    const installed = await dpkg.findInstalled(packageName);
    const isUntouched = installed?.isWhole === true && installed.version === from;
    if (!isUntouched || attempt >= installAttempts) return { isInstalled: false };
    report('dpkg did not begin; trying again');
    await timers.sleep(installPauseMilliseconds);
  }
}

async function settle(
  parts: UpdateParts,
  { from, to, oldPackage, newPackage }: Checkpoint,
  installation: Installation,
): Promise<0 | 1> {
  const { state, report, complain } = parts;
  const { reportInSeconds } = parts.request;
  if (installation.isInstalled && (await hasComeUp(parts, to, installation.stale))) {
    keepPackages(state.packages, [oldPackage, newPackage]);
    report(`${packageName} was updated from ${from} to ${to}, and the new version has reported in`);
    return 0;
  }
  complain(
    installation.isInstalled
      ? `${packageName} ${to} did not report in within ${reportInSeconds} seconds: putting ${from} back`
      : `${packageName} ${to} could not be installed: putting ${from} back`,
  );
  const back = await install(parts, oldPackage, to);
  const isBack = back.isInstalled && (await hasComeUp(parts, from, back.stale));
  complain(
    isBack
      ? `${packageName} ${from} is back and has reported in`
      : `${packageName} ${from} has not reported in either: look at this machine`,
  );
  return 1;
}

/** Whether this version runs and has reported in, once the stale agent is gone. */
async function hasComeUp(
  { state, timers, request }: UpdateParts,
  version: string,
  stale: ProcessIdentity | null,
): Promise<boolean> {
  const startedAt = timers.now().getTime();
  const elapsed = () => timers.now().getTime() - startedAt;
  let termSent = false;
  let steady = { pid: 0, since: 0 };
  while (elapsed() < request.reportInSeconds * 1000) {
    if (stale !== null && isProcessRunning(stale)) {
      // Without systemd the package restarts nothing: whoever keeps the agent running starts it again.
      if (!termSent) process.kill(stale.pid, 'SIGTERM');
      else if (elapsed() > stopMilliseconds) process.kill(stale.pid, 'SIGKILL');
      termSent = true;
    }
    const note = readOnlineNote(state);
    const isUp = note?.agentVersion === version && isProcessRunning(note.process);
    const pid = isUp ? note.process.pid : 0;
    if (pid !== steady.pid) steady = { pid, since: elapsed() };
    else if (isUp && elapsed() - steady.since >= steadyMilliseconds) return true;
    await timers.sleep(lookMilliseconds);
  }
  return false;
}
