import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { GetSigningKey } from '@patchbay/contracts';
import { redactCredentials } from '@patchbay/facts';
import { createControlPlaneClient, openHttpConnection } from '../client/index.ts';
import { formatLogLine, type Log } from '../log.ts';
import { openMachine } from '../machine/index.ts';
import { PatchRunRequest, type PatchRunResult } from '../patch-run.ts';
import { hostDpkg, updateAgent } from '../self-update/index.ts';
import {
  type Identity,
  lockState,
  openStateDirectory,
  readBorrowedIdentity,
  readIdentity,
  readJsonFile,
  type StateDirectory,
  writeFileDurably,
} from '../state/index.ts';
import { systemTimers } from '../timers.ts';
import { describeError, PatcherError } from './patcher-error.ts';
import { runPatchOperation } from './run.ts';

/** With delays of up to 20 seconds: a control plane may be away for ten minutes before a run fails for it. */
const patientAttempts = 35;

/** The patcher: `--state DIR --run DIR`. It tells what it does on stdout and ends with a `result.json` in the run directory. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { state: { type: 'string' }, run: { type: 'string' } } });
  if (values.state === undefined || values.run === undefined) {
    process.stderr.write('The patcher is started by the agent: --state DIR --run DIR\n');
    process.exitCode = 2;
    return;
  }
  const runDirectory = resolve(values.run);
  let exitCode = 1;
  let counts: PatchRunResult['counts'];
  try {
    exitCode = await runRequest(resolve(values.state), runDirectory, (found) => {
      counts = found;
    });
  } catch (error) {
    process.stderr.write(`${redactCredentials(describeError(error))}\n`);
  }
  const result: PatchRunResult = { exitCode, finishedAt: new Date().toISOString(), counts };
  try {
    writeFileDurably(join(runDirectory, 'result.json'), `${JSON.stringify(result)}\n`);
  } catch (error) {
    // The agent finds no result, starts the patcher again, and that goes on at its checkpoint.
    process.stderr.write(`The result could not be written: ${describeError(error)}\n`);
    exitCode = 1;
  }
  process.exitCode = exitCode;
}

async function runRequest(
  stateDirectory: string,
  runDirectory: string,
  recordCounts: (counts: NonNullable<PatchRunResult['counts']>) => void,
): Promise<number> {
  const state = openStateDirectory(stateDirectory);
  const request = readJsonFile(join(runDirectory, 'request.json'), PatchRunRequest);
  if (request === null) throw new PatcherError('INVALID_REQUEST', `${runDirectory} holds no request.json`);
  const { operation } = request;
  const enrolled = readIdentity(state);
  const identity = enrolled ?? (operation === 'UpdateAgent' ? null : readBorrowedIdentity(state.borrowedIdentityFile));
  if (identity === null || identity.signingKey === null) {
    throw new PatcherError('INVALID_REQUEST', `${state.path} holds no complete enrolment: start the agent first`);
  }
  const { signingKey } = identity;
  if (operation === 'UpdateAgent')
    return await runUpdate(request, { caCertificate: null, releaseKey: null, ...identity }, state, runDirectory);
  const cacheDirectory = join(state.path, 'patcher');
  mkdirSync(cacheDirectory, { recursive: true, mode: 0o700 });
  const lock = lockState(cacheDirectory);
  const log: Log = (event) => process.stderr.write(`${formatLogLine(event, new Date())}\n`);
  const server = createControlPlaneClient(identity, { log });
  try {
    // With an agent's credentials nothing was asked yet, and so no clock told.
    if (enrolled === null) await server.callPatchbay(GetSigningKey, {}, { attempts: patientAttempts });
    return await runPatchOperation(
      { ...request, operation },
      {
        clockAheadSeconds: await server.compareClocks(),
        nodeId: identity.instanceId,
        key: signingKey,
        openMachine: (access) =>
          openMachine({ root: enrolled?.rootDirectory ?? null, workDirectory: state.work, access }),
        cacheDirectory,
        stateFile: join(state.path, 'patcher-state.json'),
        runDirectory,
        server: {
          callPatchbay: (contract, input, options) =>
            server.callPatchbay(contract, input, {
              attempts: patientAttempts,
              onRetry: (error) =>
                log({ level: 'warning', message: `${describeError(error)}; trying again for a while` }),
              ...options,
            }),
          now: () => server.now(),
        },
        recordCounts,
        report: (line) => process.stdout.write(`${redactCredentials(line)}\n`),
        complain: (line) => process.stderr.write(`${redactCredentials(line)}\n`),
      },
    );
  } finally {
    server.close();
    lock.release();
  }
}

async function runUpdate(
  { update }: PatchRunRequest,
  identity: Pick<Identity, 'endpoint' | 'caCertificate' | 'releaseKey'>,
  state: StateDirectory,
  runDirectory: string,
): Promise<number> {
  if (update === undefined) throw new PatcherError('INVALID_REQUEST', 'The request does not say which version');
  const connection = openHttpConnection(identity.endpoint, identity.caCertificate);
  try {
    return await updateAgent({
      request: update,
      identity,
      state,
      runDirectory,
      connection,
      dpkg: hostDpkg,
      isSystemd: existsSync('/run/systemd/system'),
      timers: systemTimers,
      report: (line) => process.stdout.write(`${line}\n`),
      complain: (line) => process.stderr.write(`${line}\n`),
    });
  } finally {
    connection.close();
  }
}

await main();
