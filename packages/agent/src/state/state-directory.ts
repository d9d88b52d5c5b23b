import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AgentError } from '../agent-error.ts';

/** Where an agent keeps what it must not forget. All paths are absolute. */
export interface StateDirectory {
  readonly path: string;
  readonly identityFile: string;
  /** In the place of the identity where another agent enrolled the node. */
  readonly borrowedIdentityFile: string;
  readonly policyFile: string;
  /** When facts were last handed in. */
  readonly factsFile: string;
  /** Which version of the agent last reported in, and as which process. */
  readonly onlineFile: string;
  /** Packages of the agent itself: the version that runs and the one before. */
  readonly packages: string;
  readonly commands: string;
  readonly replies: string;
  /** Long outputs that are not uploaded yet. */
  readonly outputs: string;
  readonly runs: string;
  /** The Machine's work directory. */
  readonly work: string;
}

/**
 * Opens a state directory, and makes it (mode 0700) when it is missing.
 *
 * @throws AgentError STATE_FOREIGN, STATE_NOT_PRIVATE: it holds the node's private key, so nobody else may look in
 */
export function openStateDirectory(directory: string): StateDirectory {
  const given = resolve(directory);
  mkdirSync(given, { recursive: true, mode: 0o700 });
  const path = realpathSync(given);
  const status = lstatSync(path);
  const user = process.getuid?.() ?? 0;
  if (status.uid !== user) {
    throw new AgentError(
      'STATE_FOREIGN',
      `${path} belongs to user ${status.uid}, not to ${user}, who runs this agent. Give another directory with --state.`,
    );
  }
  if ((status.mode & 0o077) !== 0) {
    const mode = (status.mode & 0o777).toString(8);
    throw new AgentError(
      'STATE_NOT_PRIVATE',
      `${path} (mode ${mode}) is open to other users. Close it with: chmod 700 ${path}`,
    );
  }
  const state: StateDirectory = {
    path,
    identityFile: join(path, 'identity.json'),
    borrowedIdentityFile: join(path, 'borrowed-identity.json'),
    policyFile: join(path, 'policy.json'),
    factsFile: join(path, 'facts.json'),
    onlineFile: join(path, 'online.json'),
    packages: join(path, 'packages'),
    commands: join(path, 'commands'),
    replies: join(path, 'replies'),
    outputs: join(path, 'outputs'),
    runs: join(path, 'runs'),
    work: join(path, 'work'),
  };
  for (const folder of [state.commands, state.replies, state.outputs, state.runs, state.work]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  return state;
}
