import { describe, expect, it } from 'vitest';
import { parseOsRelease } from './os-release.ts';
import { ParseError } from './parse-error.ts';

describe('os-release', () => {
  it('reads Debian 12', () => {
    const text =
      'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n';
    expect(parseOsRelease(text)).toEqual({
      id: 'debian',
      versionId: '12',
      codename: 'bookworm',
      prettyName: 'Debian GNU/Linux 12 (bookworm)',
      operatingSystem: 'DEBIAN',
      product: 'Debian12',
    });
  });

  it.each([
    ['ID=ubuntu\nVERSION_ID="22.04"', 'UBUNTU', 'Ubuntu22.04'],
    ['ID=raspbian\nVERSION_ID="12"', 'RASPBIAN', 'Raspbian12'],
    ["ID='amzn'\nVERSION_ID='2023'", 'AMAZON_LINUX_2023', 'AmazonLinux2023'],
    ['ID=amzn\nVERSION_ID=3000', null, 'amzn3000'],
    ['ID=rhel\nVERSION_ID="9.2"', 'REDHAT_ENTERPRISE_LINUX', 'RedhatEnterpriseLinux9.2'],
    ['ID=debian', 'DEBIAN', 'Debian'],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID=21', null, 'linuxmint21'],
    ['ID=toString\nVERSION_ID=1', null, 'toString1'],
    ['ID=amzn\nVERSION_ID=constructor', null, 'amznconstructor'],
    ['# nothing\n', null, 'linux'],
  ])('maps %j to %s, product %s', (text, operatingSystem, product) => {
    expect(parseOsRelease(text)).toMatchObject({ operatingSystem, product });
  });

  it('undoes the quoting', () => {
    expect(parseOsRelease('PRETTY_NAME="a \\"b\\" \\$c"').prettyName).toBe('a "b" $c');
  });

  it('refuses a line that is no assignment, naming it', () => {
    expect(() => parseOsRelease('ID=debian\nwhat\n')).toThrow(ParseError);
    expect(() => parseOsRelease('ID=debian\nwhat\n')).toThrow(expect.objectContaining({ line: 2 }));
  });
});
