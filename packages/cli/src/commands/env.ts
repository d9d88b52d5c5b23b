import { readFile } from 'node:fs/promises';
import { type AdministratorAccess, certificateFingerprint, DEFAULT_DATA_DIRECTORY } from '@patchbay/server';
import { Command } from 'commander';
import { readAdministratorAccess } from '../administrator-access.ts';
import { installedAwsCli, understandsEndpointVariable } from '../aws-cli.ts';
import { quote } from '../shell-words.ts';

/** Shell lines that point an aws CLI at this installation. */
export function shellLines(access: AdministratorAccess, awsCliIsTooOld: boolean, caFingerprint?: string): string[] {
  const variables: Record<string, string> = {
    AWS_ACCESS_KEY_ID: access.accessKeyId,
    AWS_SECRET_ACCESS_KEY: access.secretAccessKey,
    AWS_DEFAULT_REGION: access.region,
    AWS_ENDPOINT_URL: access.endpoint,
  };
  if (access.caFile !== undefined) {
    variables['AWS_CA_BUNDLE'] = access.caFile;
    // The SDK for JavaScript, and whatever else Node runs.
    variables['NODE_EXTRA_CA_CERTS'] = access.caFile;
  }
  if (caFingerprint !== undefined) variables['PATCHBAY_CA_FINGERPRINT'] = caFingerprint;
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`);
  // Each of these would win over what was just set, and could send the keys elsewhere.
  lines.push(
    'unset AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE AWS_REGION AWS_ENDPOINT_URL_SSM AWS_ENDPOINT_URL_STS AWS_ENDPOINT_URL_IMAGEBUILDER AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
  );
  // The old CLI ignores AWS_ENDPOINT_URL and would send these keys to Amazon.
  if (awsCliIsTooOld) {
    lines.push(`aws() { command aws --endpoint-url ${quote(access.endpoint)} "$@"; }`);
    // Scripts that this shell starts know the function too, where the shell can hand one on.
    lines.push('[ -z "${BASH_VERSION-}" ] || export -f aws');
  }
  return lines;
}

/** `eval "$(patchbay env)"`: lets an aws CLI in this shell talk to the control plane as its first administrator. */
export const envCommand = new Command('env')
  .description('Print shell lines that point the aws CLI at the control plane: eval "$(./patchbay env)"')
  .option('--data <directory>', 'data directory of the control plane', DEFAULT_DATA_DIRECTORY)
  .action(async ({ data }: { data: string }) => {
    const access = await readAdministratorAccess(data);
    const version = await installedAwsCli();
    const awsCliIsTooOld = version !== undefined && !understandsEndpointVariable(version);
    const caFingerprint =
      access.caFile === undefined ? undefined : certificateFingerprint(await readFile(access.caFile, 'utf8'));
    for (const line of shellLines(access, awsCliIsTooOld, caFingerprint)) console.log(line);
  });
