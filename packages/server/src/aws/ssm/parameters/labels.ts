import type { OperationContext } from '../../../operations/operation.ts';
import { ParameterError } from './errors.ts';
import { listLabels, moveLabels, removeLabels } from './label-repository.ts';
import { readName, storableVersion } from './names.ts';
import { findVersion, lockParameter, type ParameterVersion } from './repository.ts';
import { parameterNotFound, versionNotFound } from './service.ts';

/** LabelParameterVersion: "A version of a parameter can have a maximum of 10 labels." */
const mostLabels = 10;
const label = /^(?!aws|ssm)[a-z_.-][a-z0-9_.-]*$/i;

/** The version that labels are put at or taken from, with its parameter locked. */
async function lockVersion(
  text: string,
  version: number | undefined,
  context: OperationContext,
): Promise<ParameterVersion> {
  const name = readName(text);
  const parameter = await lockParameter(context.db, context, name);
  if (!parameter || (parameter.expiresAt !== null && parameter.expiresAt <= context.now)) throw parameterNotFound(name);
  const selector =
    version === undefined ? undefined : ({ kind: 'version', version: storableVersion(version) } as const);
  const found = await findVersion(context.db, context, name, selector);
  if (!found) throw versionNotFound(name, `:${version}`);
  return found;
}

/** Labels a version; answers which labels no label may look like. */
export async function labelVersion(
  text: string,
  wantedVersion: number | undefined,
  labels: readonly string[],
  context: OperationContext,
): Promise<{ invalidLabels: string[]; version: number }> {
  const { name, version } = await lockVersion(text, wantedVersion, context);
  const wanted = [...new Set(labels.filter((each) => label.test(each)))];
  const present = (await listLabels(context.db, context, name)).filter((each) => each.version === version);
  if (new Set([...present.map((each) => each.label), ...wanted]).size > mostLabels) {
    throw new ParameterError(
      'PARAMETER_LABEL_LIMIT',
      `A version of a parameter can have at most ${mostLabels} labels. Move some to another version, and try again.`,
    );
  }
  await moveLabels(context.db, context, name, version, wanted);
  return { invalidLabels: labels.filter((each) => !label.test(each)), version };
}

/** Takes labels away from a version; answers which it had and which it had not. */
export async function unlabelVersion(
  text: string,
  wantedVersion: number,
  labels: readonly string[],
  context: OperationContext,
): Promise<{ removedLabels: string[]; invalidLabels: string[] }> {
  const { name, version } = await lockVersion(text, wantedVersion, context);
  const present = (await listLabels(context.db, context, name)).filter((each) => each.version === version);
  const hasLabel = (text: string) => present.some((each) => each.label === text);
  const wanted = [...new Set(labels)];
  await removeLabels(context.db, context, name, version, wanted);
  return { removedLabels: wanted.filter(hasLabel), invalidLabels: wanted.filter((each) => !hasLabel(each)) };
}
