import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { enrolOnly, formatLogLine, openStateDirectory, readIdentity, readLockHolder } from '@patchbay/agent';
import { applySettings } from './agent-environment.ts';
import {
  AgentSettings,
  readSettings,
  SettingsError,
  settingsFile,
  stateDirectory,
  writeSettings,
} from './agent-settings.ts';

export const enrolUsage = `patchbay-agent enrol --endpoint URL --region NAME --activation-id ID [--ca-fingerprint sha256:…]
  Enrols this machine once and starts the agent. The activation code is read from the standard input, or from
  --activation-code-file FILE: on the command line other users could see it.`;

const options = {
  endpoint: { type: 'string' },
  region: { type: 'string' },
  'activation-id': { type: 'string' },
  'activation-code-file': { type: 'string' },
  'ca-fingerprint': { type: 'string' },
  'no-start': { type: 'boolean' },
} as const;

/** `patchbay-agent enrol`: registers, keeps where the control plane is in the settings, starts the unit. */
export async function enrolCommand(words: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...words], options });
  const { endpoint, region, 'activation-id': activationId } = values;
  if (endpoint === undefined || region === undefined || activationId === undefined) {
    throw new SettingsError('USAGE', enrolUsage);
  }
  if (process.getuid?.() !== 0) throw new SettingsError('NOT_ROOT', 'Only root can enrol this machine.');
  const caFingerprint = values['ca-fingerprint'];
  const settings = AgentSettings.safeParse({
    ...readSettings(),
    endpoint,
    region,
    ...(caFingerprint === undefined ? {} : { caFingerprint }),
  });
  if (!settings.success) {
    const [issue] = settings.error.issues;
    throw new SettingsError('USAGE', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}\n${enrolUsage}`);
  }
  if (isEnrolledAndRunning(endpoint, region)) return;
  applySettings(settings.data, process.env);
  const identity = await enrolOnly(
    stateDirectory,
    {
      endpoint,
      region,
      activation: { id: activationId, code: readActivationCode(values['activation-code-file'] ?? '-') },
      caFingerprint,
    },
    { log: (event) => console.error(formatLogLine(event, new Date())) },
  );
  writeSettings(settings.data);
  console.log(`Enrolled as ${identity.instanceId}. The settings are in ${settingsFile}.`);
  if (values['no-start'] !== true) startUnit();
}

/** The line that enrols may be pasted twice: the second time there is nothing to do. */
function isEnrolledAndRunning(endpoint: string, region: string): boolean {
  if (!existsSync(stateDirectory)) return false;
  const state = openStateDirectory(stateDirectory);
  const identity = readIdentity(state);
  const holder = readLockHolder(state.path);
  if (identity === null || holder === null) return false;
  if (identity.endpoint !== endpoint || identity.region !== region) {
    throw new SettingsError(
      'USAGE',
      `This machine is enrolled as ${identity.instanceId} at ${identity.endpoint} (${identity.region}), and its agent runs. Stop it first (systemctl stop patchbay-agent); for another region remove ${stateDirectory} as well.`,
    );
  }
  console.log(`Enrolled as ${identity.instanceId} already, and the agent runs. The activation was not used.`);
  return true;
}

/** The first line, so that `echo` and a text editor both write it right. */
function readActivationCode(file: string): string {
  const [code = ''] = readFileSync(file === '-' ? 0 : file, 'utf8').split('\n');
  if (code.trim() === '') throw new SettingsError('USAGE', `There is no activation code.\n${enrolUsage}`);
  return code.trim();
}

function startUnit(): void {
  if (!existsSync('/run/systemd/system')) {
    console.log('systemd does not run here: start the agent with "patchbay-agent run" and keep it running.');
    return;
  }
  const { status } = spawnSync('systemctl', ['enable', '--quiet', '--now', 'patchbay-agent.service'], {
    stdio: 'inherit',
  });
  if (status !== 0) console.error('The unit could not be started: see "systemctl status patchbay-agent".');
}
