import packageJson from '../package.json' with { type: 'json' };

/** The one place that says which version this agent is: UpdateInstanceInformation, its package and its updates follow. */
export const agentVersion: string = packageJson.version;
