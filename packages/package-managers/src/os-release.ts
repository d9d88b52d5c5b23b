import type { OperatingSystem, OperatingSystemFacts } from '@patchbay/facts';
import { ParseError } from './parse-error.ts';

/** `ID` of os-release to AWS's enum and the product's first part, as `PRODUCT` filters spell it. */
const knownSystems = new Map<string, readonly [OperatingSystem, product: string]>([
  ['debian', ['DEBIAN', 'Debian']],
  ['ubuntu', ['UBUNTU', 'Ubuntu']],
  ['raspbian', ['RASPBIAN', 'Raspbian']],
  ['rhel', ['REDHAT_ENTERPRISE_LINUX', 'RedhatEnterpriseLinux']],
  ['centos', ['CENTOS', 'CentOS']],
  ['rocky', ['ROCKY_LINUX', 'RockyLinux']],
  ['almalinux', ['ALMA_LINUX', 'AlmaLinux']],
  ['ol', ['ORACLE_LINUX', 'OracleLinux']],
  ['sles', ['SUSE', 'Suse']],
]);

const amazonLinux = new Map<string, readonly [OperatingSystem, product: string]>([
  ['2', ['AMAZON_LINUX_2', 'AmazonLinux2.0']],
  ['2022', ['AMAZON_LINUX_2022', 'AmazonLinux2022']],
  ['2023', ['AMAZON_LINUX_2023', 'AmazonLinux2023']],
]);

/**
 * Reads os-release(5), https://www.freedesktop.org/software/systemd/man/latest/os-release.html. A system that AWS has no
 * name for gets `operatingSystem: null` and its own id as product. Throws ParseError on a line that is no assignment.
 */
export function parseOsRelease(text: string): OperatingSystemFacts {
  const fields = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const assignment = /^([A-Za-z0-9_]+)=(.*)$/.exec(trimmed);
    if (assignment === null) {
      throw new ParseError('UNREADABLE_FILE', 'os-release', index + 1, `expected NAME=value, found ${trimmed}`);
    }
    fields.set(assignment[1] ?? '', unquote(assignment[2] ?? ''));
  }
  // os-release(5): a system that does not say is "linux".
  const id = fields.get('ID') ?? 'linux';
  const versionId = fields.get('VERSION_ID') ?? '';
  const known = id === 'amzn' ? amazonLinux.get(versionId) : knownSystems.get(id);
  return {
    id,
    versionId,
    codename: fields.get('VERSION_CODENAME') ?? '',
    prettyName: fields.get('PRETTY_NAME') ?? id,
    operatingSystem: known?.[0] ?? null,
    product: id === 'amzn' && known ? known[1] : `${known?.[1] ?? id}${versionId}`,
  };
}

/** Shell quoting as os-release(5) allows it: one quoted or one bare word. */
function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  if (quoted === null) return value;
  const inner = quoted[2] ?? '';
  return quoted[1] === '"' ? inner.replaceAll(/\\([\\"$`])/g, '$1') : inner;
}
