import { readFileSync, writeFileSync } from 'node:fs';
import { AppError } from '@patchbay/facts';
import { z } from 'zod';

/** Why the packaged agent cannot begin. The message says what to do about it. */
export class SettingsError extends AppError<'SETTINGS_DAMAGED' | 'USAGE' | 'NOT_ROOT'> {}

/** What the owner of a machine sets: `/etc/patchbay/agent.json`. Members of a later version are kept out of the way. */
export const AgentSettings = z.object({
  endpoint: z.url().optional(),
  region: z.string().min(1).optional(),
  /** `sha256:…` of the control plane's own certificate authority. */
  caFingerprint: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .optional(),
  /** A file in PEM with the authorities that vouch for the control plane, beside those that Node knows. */
  caFile: z.string().startsWith('/').optional(),
  /** The way to the control plane: `http://proxy.example:3128`. */
  httpsProxy: z.url().optional(),
  /** False: AWS-UpdateSSMAgent is refused. */
  updates: z.boolean().optional(),
  /** How long a new version has to report in before the old one is put back; default 180. */
  updateReportInSeconds: z.number().int().min(5).max(3600).optional(),
});
export type AgentSettings = z.infer<typeof AgentSettings>;

export const settingsFile = '/etc/patchbay/agent.json';
export const stateDirectory = '/var/lib/patchbay-agent';

/** Empty where there is no file. @throws SettingsError SETTINGS_DAMAGED */
export function readSettings(path: string = settingsFile): AgentSettings {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
  try {
    return AgentSettings.parse(JSON.parse(text));
  } catch (error) {
    const [issue] = error instanceof z.ZodError ? error.issues : [];
    const why = issue === undefined ? 'it is not JSON' : `${issue.message} at '${issue.path.join('.')}'`;
    throw new SettingsError('SETTINGS_DAMAGED', `${path} cannot be followed: ${why}.`, { cause: error });
  }
}

export function writeSettings(settings: AgentSettings, path: string = settingsFile): void {
  writeFileSync(path, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o644 });
}
