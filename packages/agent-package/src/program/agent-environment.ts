import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { AgentSettings } from './agent-settings.ts';

/** Lets this process reach the control plane as the settings say, and answers the variables that do it for the patcher. */
export function applySettings(settings: AgentSettings, environment: NodeJS.ProcessEnv): Record<string, string> {
  const { caFile, httpsProxy } = settings;
  const forPatcher: Record<string, string> = {};
  if (caFile !== undefined) {
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(caFile, 'utf8')]);
    forPatcher['NODE_EXTRA_CA_CERTS'] = caFile;
  }
  if (httpsProxy !== undefined) {
    environment['HTTPS_PROXY'] = httpsProxy;
    forPatcher['HTTPS_PROXY'] = httpsProxy;
  }
  return forPatcher;
}
