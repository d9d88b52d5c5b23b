import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface AwsCliVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Reads the version out of `aws --version`: `aws-cli/2.9.19 Python/3.11.2 …`. */
export function parseAwsCliVersion(text: string): AwsCliVersion | undefined {
  const parts = /aws-cli\/(?<major>\d+)\.(?<minor>\d+)\.(?<patch>\d+)/.exec(text)?.groups;
  if (!parts) return undefined;
  return { major: Number(parts.major), minor: Number(parts.minor), patch: Number(parts.patch) };
}

/** The aws CLI that a shell would find; undefined when there is none. */
export async function installedAwsCli(): Promise<AwsCliVersion | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)('aws', ['--version'], { timeout: 20_000 });
    return parseAwsCliVersion(`${stdout}${stderr}`);
  } catch {
    return undefined;
  }
}

/** AWS_ENDPOINT_URL is read since 1.29.0 and 2.13.0 (AWS SDKs and Tools Reference Guide, "Service-specific endpoints"). */
export function understandsEndpointVariable({ major, minor }: AwsCliVersion): boolean {
  return major > 2 || (major === 2 && minor >= 13) || (major === 1 && minor >= 29);
}
