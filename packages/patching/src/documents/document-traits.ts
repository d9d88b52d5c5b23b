import type { CommandDocument, DocumentParameter } from './command-document.ts';
import { referencedParameters } from './substitute-parameters.ts';

const scripts: readonly string[] = ['aws:runShellScript', 'aws:runPowerShellScript'];

/**
 * Where a caller's text becomes part of a shell command unchecked: a String, StringList or map without allowedValues and
 * allowedPattern inside a line of a script. A parameter that is the whole line is meant to be a command.
 */
export function findUnguardedParameters(document: CommandDocument): string[] {
  return document.mainSteps.flatMap((step) => {
    if (!scripts.includes(step.action)) return [];
    const lines = [step.inputs['runCommand']].flat().filter((line) => typeof line === 'string');
    const names = lines
      .filter((line) => !/^\{\{\s*[a-zA-Z0-9_-]+\s*\}\}$/.test(line.trim()))
      .flatMap(referencedParameters)
      .filter((name) => {
        const parameter = Object.hasOwn(document.parameters, name) ? document.parameters[name] : undefined;
        return parameter !== undefined && !isGuarded(parameter);
      });
    return [...new Set(names)].map(
      (name) =>
        `The step ${step.name} writes the parameter ${name} into its script unchecked; give it an allowedPattern, allowedValues or interpolationType ENV_VAR.`,
    );
  });
}

function isGuarded({ type, allowedValues, allowedPattern, interpolationType }: DocumentParameter): boolean {
  return (
    type === 'Integer' ||
    type === 'Boolean' ||
    interpolationType === 'ENV_VAR' ||
    allowedValues !== undefined ||
    allowedPattern !== undefined
  );
}

const everyPlatform = ['Windows', 'Linux', 'MacOS'] as const;
export type PlatformType = (typeof everyPlatform)[number];

/** Where plugins run (SSM user guide, "Command document plugin reference"); what is not here runs everywhere. */
const platformsOfPlugins = new Map<string, readonly PlatformType[]>([
  ['aws:runShellScript', ['Linux', 'MacOS']],
  ['aws:psModule', ['Windows']],
  ['aws:domainJoin', ['Windows']],
  ['aws:applications', ['Windows']],
  ['aws:cloudWatch', ['Windows']],
  ['aws:updateAgent', ['Windows']],
]);

/** The platforms on which a document can do something: those of its plugins. */
export function pluginPlatforms(document: CommandDocument): PlatformType[] {
  const found = document.mainSteps.map(({ action }) => platformsOfPlugins.get(action) ?? everyPlatform);
  return everyPlatform.filter((platform) => found.some((platforms) => platforms.includes(platform)));
}
