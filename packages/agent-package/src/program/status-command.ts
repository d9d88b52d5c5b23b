import { existsSync } from 'node:fs';
import { agentVersion, openStateDirectory, readIdentity, readLockHolder } from '@patchbay/agent';
import { SettingsError, stateDirectory } from './agent-settings.ts';

/** `patchbay-agent status`: who this node is and whether its agent runs; ends with 3 when it does not, as systemctl. */
export function statusCommand(): void {
  if (process.getuid?.() !== 0) throw new SettingsError('NOT_ROOT', 'Only root can look into the state of the agent.');
  console.log(`version:   ${agentVersion}`);
  const state = existsSync(stateDirectory) ? openStateDirectory(stateDirectory) : null;
  const identity = state === null ? null : readIdentity(state);
  if (state === null || identity === null) {
    console.log('enrolled:  no');
    process.exitCode = 3;
    return;
  }
  const holder = readLockHolder(state.path);
  console.log(`enrolled:  ${identity.instanceId}, since ${identity.enrolledAt}`);
  console.log(`endpoint:  ${identity.endpoint} (${identity.region})`);
  console.log(`running:   ${holder === null ? 'no' : `yes, process ${holder.pid}`}`);
  if (holder === null) process.exitCode = 3;
}
