import { accessDeniedError } from '@patchbay/aws-wire';
import type { DocumentParameter } from '@patchbay/patching';
import { authorize } from '../../../operations/authorize.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { principalArn } from '../../../operations/principal.ts';
import { ParameterError } from './errors.ts';
import { parameterResource, readAddress } from './names.ts';
import { insertCommandParameters, type ParameterVersion } from './repository.ts';
import { findAddressed } from './service.ts';

/** Values of a command's parameters: a list of texts for each, as SendCommand takes them. */
type GivenValues = Readonly<Record<string, readonly string[]>>;

export interface ResolvedReferences {
  /** The given values with what they referred to in its place, and the defaults that referred to something. */
  readonly given: GivenValues;
  /** The versions whose values are in it. */
  readonly used: readonly Pick<ParameterVersion, 'name' | 'version'>[];
}

/** `{{ssm:name}}`, `{{ ssm:/path/name:3 }}`; also what is only meant to be one, so that it is refused and never run. */
const reference = /\{\{\s*(ssm(?:-secure)?):([^{}]*)\}\}/g;
const wholeReference = /^\s*\{\{\s*ssm:[^{}]*\}\}\s*$/;

/** A few characters of a request can refer to 8 KiB each time: together they may write so much. */
const mostCharacters = 256 * 1024;
const mostReferences = 100;

type Context = Pick<OperationContext, 'db' | 'accountId' | 'region' | 'now' | 'principal'>;

function refuse(message: string): ParameterError {
  return new ParameterError('PARAMETER_REFERENCE', message);
}

function addressesIn(text: string): string[] {
  return [...text.matchAll(reference)].map(([whole, scheme, address = '']) => {
    if (scheme === 'ssm') return address.trim();
    throw refuse(`${whole} is not supported: secrets are not written into commands.`);
  });
}

/** Finds a parameter that the sender may read and that is no secret (user guide, "Working with parameters"). */
async function readReferenced(address: string, context: Context): Promise<ParameterVersion> {
  // Before anything is looked up: who may not read parameters learns not even which there are.
  const resource = parameterResource(context, readAddress(address, context)?.names[0] ?? address);
  // A window sends what somebody registered who may read parameters: that takes a role over the whole account.
  if (context.principal.kind !== 'window' && !authorize(context.principal, 'ssm:GetParameters', resource)) {
    throw accessDeniedError(principalArn(context.principal), 'ssm:GetParameters', resource.arn);
  }
  const found = await findAddressed(address, context);
  if (!found?.version) throw refuse(`The parameter {{ssm:${address}}} does not exist.`);
  const { version } = found;
  if (version.type === 'SecureString') {
    throw refuse(`{{ssm:${address}}} is a SecureString: only String and StringList can be referred to in a command.`);
  }
  return version;
}

/** Writes values where they are referred to. A StringList that is all of a text of a list becomes the texts of it. */
function writeValues(
  text: string,
  isList: boolean,
  versions: ReadonlyMap<string, ParameterVersion>,
): readonly string[] {
  const valueAt = (address: string) => versions.get(address.trim());
  const [first] = addressesIn(text);
  const whole = isList && first !== undefined && wholeReference.test(text) ? valueAt(first) : undefined;
  if (whole?.type === 'StringList') return whole.value.split(',').map((entry) => entry.trim());
  return [text.replaceAll(reference, (_whole, _scheme, address: string) => valueAt(address)?.value ?? '')];
}

/** The defaults that refer to a parameter and that the caller leaves as they are. */
function referringDefaults(parameters: Readonly<Record<string, DocumentParameter>>, given: GivenValues): GivenValues {
  const defaults = Object.entries(parameters).flatMap(([name, { default: value }]) => {
    if (value === undefined || Object.hasOwn(given, name)) return [];
    // Only texts and lists of texts can refer to something (user guide, "Working with parameters").
    const texts = [value].flat().filter((text) => typeof text === 'string');
    return texts.some((text) => addressesIn(text).length > 0) ? [[name, texts] as const] : [];
  });
  return Object.fromEntries(defaults);
}

/**
 * Resolves what a command's parameters refer to in Parameter Store, at the moment the command is sent: what a node runs is
 * settled and signed then, whatever becomes of the parameter, and nodes need not read any.
 */
export async function resolveReferences(
  parameters: Readonly<Record<string, DocumentParameter>>,
  given: GivenValues,
  context: Context,
): Promise<ResolvedReferences> {
  const values = Object.entries({ ...given, ...referringDefaults(parameters, given) });
  const addresses = new Set(values.flatMap(([, texts]) => texts.flatMap(addressesIn)));
  if (addresses.size === 0) return { given, used: [] };
  if (addresses.size > mostReferences) throw refuse(`A command can refer to at most ${mostReferences} parameters.`);
  const versions = new Map<string, ParameterVersion>();
  for (const address of addresses) versions.set(address, await readReferenced(address, context));
  let characters = 0;
  const resolved = values.map(([name, texts]) => {
    const isList = Object.hasOwn(parameters, name) && parameters[name]?.type === 'StringList';
    const written = texts.flatMap((text) => {
      const result = writeValues(text, isList, versions);
      characters += result.reduce((sum, each) => sum + each.length, 0);
      if (characters > mostCharacters) {
        throw refuse(`The parameters of the command come to more than ${mostCharacters} characters.`);
      }
      return result;
    });
    return [name, written] as const;
  });
  const used = new Map([...versions.values()].map((version) => [`${version.name}:${version.version}`, version]));
  return { given: Object.fromEntries(resolved), used: [...used.values()] };
}

/** Notes which versions a command went out with. */
export async function recordReferences(
  commandId: string,
  used: ResolvedReferences['used'],
  { db, accountId, region, now }: Context,
): Promise<void> {
  const rows = used.map(({ name, version }) => ({ accountId, region, commandId, requestedAt: now, name, version }));
  await insertCommandParameters(db, rows);
}
