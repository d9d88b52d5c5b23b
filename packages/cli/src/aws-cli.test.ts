import { describe, expect, it } from 'vitest';
import { parseAwsCliVersion, understandsEndpointVariable } from './aws-cli.ts';
import { shellLines } from './commands/env.ts';

describe('the aws CLI', () => {
  it.each([
    ['aws-cli/2.9.19 Python/3.11.2 Linux/6.1.0 source/x86_64.debian.12 prompt/off', false],
    ['aws-cli/2.12.7 Python/3.11.4', false],
    ['aws-cli/2.13.0 Python/3.11.4', true],
    ['aws-cli/1.45.11 Python/3.11.7 Linux/6.18 botocore/1.43.11', true],
    ['aws-cli/1.28.9 Python/3.8', false],
    ['aws-cli/3.0.0 Python/3.14', true],
  ])('%s: reads AWS_ENDPOINT_URL? %s', (text, expected) => {
    const version = parseAwsCliVersion(text);
    expect(version && understandsEndpointVariable(version)).toBe(expected);
  });

  it('is unknown where the version cannot be read', () => {
    expect(parseAwsCliVersion('command not found')).toBeUndefined();
  });
});

describe('the lines of patchbay env', () => {
  const access = {
    endpoint: 'http://127.0.0.1:8480',
    region: 'us-east-1',
    accountId: '123456789012',
    accessKeyId: 'AKIA0000000000000000',
    secretAccessKey: "a'b",
  };

  it('quotes what a shell would read otherwise', () => {
    expect(shellLines(access, false)).toContain(`export AWS_SECRET_ACCESS_KEY='a'\\''b'`);
  });

  it('defines an aws function only where the CLI would talk to Amazon', () => {
    expect(shellLines(access, false).join('\n')).not.toContain('aws()');
    expect(shellLines(access, true).join('\n')).toContain("--endpoint-url 'http://127.0.0.1:8480'");
  });
});
