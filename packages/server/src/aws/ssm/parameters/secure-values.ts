import { accessDeniedError } from '@patchbay/aws-wire';
import { authorize } from '../../../operations/authorize.ts';
import type { OperationContext } from '../../../operations/operation.ts';
import { principalArn } from '../../../operations/principal.ts';
import type { Scope } from '../../../operations/scope.ts';
import { parameterResource } from './names.ts';
import type { ParameterVersion } from './repository.ts';

/** The only key there is: SecureStrings are sealed with the installation's. */
export const onlyKeyId = 'alias/aws/ssm';

type Place = Scope & { readonly name: string; readonly version: number };

/** Where a sealed value belongs: it opens nowhere else. */
function contextOf({ accountId, region, name, version }: Place): string {
  return `parameter:${accountId}:${region}:${name}:${version}`;
}

export function sealValue(value: string, place: Place, context: OperationContext): string {
  return context.dependencies.secrets.seal(value, contextOf(place));
}

/**
 * The value as an answer shows it: of a SecureString what is stored, in base64 as AWS shows its ciphertext, or the secret
 * itself for those who may have it.
 */
export function showValue(version: ParameterVersion, withDecryption: boolean, context: OperationContext): string {
  if (version.type !== 'SecureString') return version.value;
  if (!withDecryption) return Buffer.from(version.value).toString('base64');
  const resource = parameterResource(context, version.name);
  if (!authorize(context.principal, 'patchbay:DecryptParameters', resource)) {
    throw accessDeniedError(principalArn(context.principal), 'patchbay:DecryptParameters', resource.arn);
  }
  return context.dependencies.secrets.open(version.value, contextOf(version));
}
