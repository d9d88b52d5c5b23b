import { fileURLToPath } from 'node:url';
import { formatLogLine, runAgent } from '@patchbay/agent';
import { applySettings } from './agent-environment.ts';
import { readSettings, stateDirectory } from './agent-settings.ts';

/** Enough for a slow machine to start it, and for a control plane that restarts at the same time. */
const defaultReportInSeconds = 180;

/** `patchbay-agent run`: the agent in the foreground, as the unit starts it. */
export async function runCommand(): Promise<void> {
  const settings = readSettings();
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort(signal));
  await runAgent({
    stateDirectory,
    endpoint: settings.endpoint ?? null,
    region: settings.region ?? null,
    caFingerprint: settings.caFingerprint,
    activation: null,
    rootDirectory: null,
    patcherProgram: [fileURLToPath(new URL('./patcher.mjs', import.meta.url))],
    patcherEnvironment: applySettings(settings, process.env),
    selfUpdate: {
      reportInSeconds: settings.updateReportInSeconds ?? defaultReportInSeconds,
      isAllowed: settings.updates ?? true,
    },
    log: (event) => console.error(formatLogLine(event, new Date())),
    signal: stopping.signal,
  });
}
