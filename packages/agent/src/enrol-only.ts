import { type EnrolledIdentity, type EnrolmentPorts, type EnrolmentRequest, enrol } from './enrolment.ts';
import { openMachine } from './machine/index.ts';
import { lockState, openStateDirectory } from './state/index.ts';

/**
 * Enrols this host and ends; `runAgent` with the same state directory goes on from there.
 *
 * @throws what `enrol` and `openMachine` throw, AgentError STATE_IN_USE
 */
export async function enrolOnly(
  stateDirectory: string,
  request: EnrolmentRequest,
  ports: EnrolmentPorts,
): Promise<EnrolledIdentity> {
  const state = openStateDirectory(stateDirectory);
  const lock = lockState(state.path);
  try {
    // A machine that no patcher can run on must not cost an activation.
    const machine = await openMachine({ root: null, workDirectory: state.work, access: 'read-only' });
    await machine.close();
    return await enrol(state, { ...request, rootDirectory: null }, ports);
  } finally {
    lock.release();
  }
}
