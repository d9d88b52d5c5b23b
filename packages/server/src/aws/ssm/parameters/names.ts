import type { Resource } from '../../../operations/authorize.ts';
import { ssmResource } from '../../../operations/resources.ts';
import type { Scope } from '../../../operations/scope.ts';
import { ParameterError } from './errors.ts';

/** PutParameter: "The maximum length … is 1011 characters", counting the ARN before the name. */
const longestArn = 1011;
const mostLevels = 15;
const largestVersion = 2_147_483_647;
const nameCharacters = /^[a-zA-Z0-9_./-]+$/;
const arn = /^arn:aws:ssm:([a-z0-9-]+):(\d{12}):parameter\/(.+)$/;

export const nameRules =
  'can\'t be prefixed with "aws" or "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_';

function invalid(message: string): ParameterError {
  return new ParameterError('PARAMETER_INVALID', message);
}

/** The ARN of a parameter: the slash that begins a path is not doubled. */
export function parameterArn(scope: Scope, name: string): string {
  return parameterResource(scope, name).arn;
}

/** A parameter as what a call acts on. */
export function parameterResource(scope: Scope, name: string): Resource {
  const path = name.startsWith('/') ? name : `/${name}`;
  return ssmResource(scope, `parameter${path}`, { resourceType: 'Parameter', resourceId: name });
}

/** Spaces around a name do not count; within it they are refused (PutParameter). */
export function readName(text: string): string {
  const name = text.trim();
  if (!nameCharacters.test(name)) throw invalid(`Parameter name: ${nameRules}`);
  return name;
}

/** The name of a parameter that is to be created. */
export function readNewName(text: string, scope: Scope): string {
  const name = readName(text);
  if (/^\/?(aws|ssm)/i.test(name)) throw invalid(`Parameter name: ${nameRules}`);
  const levels = name.replace(/^\//, '').split('/');
  if (levels.length > 1 && !name.startsWith('/')) {
    throw invalid('Parameter name must be a fully qualified name: begin it with a slash.');
  }
  if (levels.some((level) => level === '')) {
    throw invalid('Parameter name: each part between the slashes must have at least one character.');
  }
  if (levels.length > mostLevels) {
    throw new ParameterError(
      'PARAMETER_LEVELS',
      `A parameter name can have at most ${mostLevels} levels, not ${levels.length}.`,
    );
  }
  if (parameterArn(scope, name).length > longestArn) {
    throw invalid(`Parameter name: together with what precedes it in the ARN it can have ${longestArn} characters.`);
  }
  return name;
}

export type Selector =
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'label'; readonly label: string };

/** What a text such as `/db/password:3`, `password:production` or an ARN points at. */
export interface ParameterAddress {
  /** An ARN does not tell `/name` from `name`: the first that exists is meant. */
  readonly names: readonly string[];
  readonly selector?: Selector | undefined;
  /** As answers show it: `:3`. */
  readonly selectorText?: string | undefined;
}

/** Reads an address; undefined for one that nothing here can have. */
export function readAddress(text: string, scope: Scope): ParameterAddress | undefined {
  const [, region, accountId, path] = arn.exec(text.trim()) ?? [];
  if (path !== undefined && (region !== scope.region || accountId !== scope.accountId)) return undefined;
  const [name = '', selectorText, ...rest] = (path ?? text.trim()).split(':');
  if (rest.length > 0 || !nameCharacters.test(name)) return undefined;
  const names = path === undefined ? [name] : name.includes('/') ? [`/${name}`] : [name, `/${name}`];
  if (selectorText === undefined) return { names };
  const selector = readSelector(selectorText);
  return selector && { names, selector, selectorText: `:${selectorText}` };
}

/** Labels cannot begin with a digit, so a selector that does is a version. */
function readSelector(text: string): Selector | undefined {
  if (text === '') return undefined;
  if (!/^\d/.test(text)) return { kind: 'label', label: text };
  return /^\d+$/.test(text) ? { kind: 'version', version: storableVersion(Number(text)) } : undefined;
}

/** A number that no version has in place of one that is too large for the column. */
export function storableVersion(version: number): number {
  return Number.isSafeInteger(version) && version >= 0 && version <= largestVersion ? version : 0;
}

/** What a path of GetParametersByPath, or of the filter Path, begins with: `/db/`. */
export function readPath(text: string): string {
  const path = text.trim();
  if (!path.startsWith('/') || path.includes('//') || !nameCharacters.test(path)) {
    throw invalid(
      `The path ${path} must begin with a slash and hold nothing but letters, digits, slashes and the symbols .-_, as in /get/parameters2-/by1./path0_.`,
    );
  }
  if (path.split('/').length > mostLevels + 2) {
    throw invalid(`A path can have at most ${mostLevels} levels.`);
  }
  return path.endsWith('/') ? path : `${path}/`;
}
