import type { OperatingSystem, PatchFilterKey } from '@patchbay/facts';

/** What one filter key accepts for one operating system. */
export interface FilterValues {
  readonly key: PatchFilterKey;
  /** The values known today, as DescribePatchProperties lists them. */
  readonly known: readonly string[];
  /** Accepts values of the same kind that are not listed, such as a release yet to come; null when the list is closed. */
  readonly plausible: RegExp | null;
}

function closed(key: PatchFilterKey, ...known: string[]): FilterValues {
  return { key, known, plausible: null };
}

function products(prefix: string, ...releases: string[]): FilterValues {
  return {
    key: 'PRODUCT',
    known: releases.map((release) => `${prefix}${release}`),
    plausible: new RegExp(`^${prefix}\\d+(\\.\\d+){0,2}$`),
  };
}

/** Minor releases as texts: `minors(7, 0, 2)` is 7.0, 7.1, 7.2. */
function minors(major: number, first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `${major}.${first + index}`);
}

/** Windows has products, families and classes by the hundred; any plain text is taken. */
function open(key: PatchFilterKey, ...known: string[]): FilterValues {
  return { key, known, plausible: /^[^*]+$/ };
}

const PRIORITY = closed('PRIORITY', 'Required', 'Important', 'Standard', 'Optional', 'Extra');
const SECTION: FilterValues = { key: 'SECTION', known: ['admin', 'libs', 'net'], plausible: /^[a-z0-9+./-]+$/i };
const RPM_CLASSIFICATION = closed('CLASSIFICATION', 'Security', 'Bugfix', 'Enhancement', 'Recommended', 'Newpackage');
const AMAZON_SEVERITY = closed('SEVERITY', 'Critical', 'Important', 'Medium', 'Low');
const AMAZON_2023_SEVERITY = closed('SEVERITY', 'Critical', 'Important', 'Medium', 'Low', 'None');
const RED_HAT_SEVERITY = closed('SEVERITY', 'Critical', 'Important', 'Moderate', 'Medium', 'Low', 'None');
const FOUR_SEVERITIES = closed('SEVERITY', 'Critical', 'Important', 'Moderate', 'Low');

/** Two a year, in March and September, until the last one. */
const amazonLinuxReleases = [2012, 2013, 2014, 2015, 2016, 2017, 2018]
  .flatMap((year) => [`${year}.03`, `${year}.09`])
  .filter((release) => release !== '2018.09');

/** The filters that make sense per operating system (user guide, "Creating a custom patch baseline"). */
export const filterValues: Readonly<Record<OperatingSystem, readonly FilterValues[]>> = {
  WINDOWS: [
    closed('PATCH_SET', 'OS', 'APPLICATION'),
    open('PRODUCT_FAMILY', 'Windows', 'Office'),
    open(
      'PRODUCT',
      'WindowsServer2012',
      'WindowsServer2012R2',
      'WindowsServer2016',
      'WindowsServer2019',
      'WindowsServer2022',
      'WindowsServer2025',
      'Office 2016',
    ),
    closed(
      'CLASSIFICATION',
      'CriticalUpdates',
      'DefinitionUpdates',
      'Drivers',
      'FeaturePacks',
      'SecurityUpdates',
      'ServicePacks',
      'Tools',
      'UpdateRollups',
      'Updates',
      'Upgrades',
    ),
    closed('MSRC_SEVERITY', 'Critical', 'Important', 'Moderate', 'Low', 'Unspecified'),
    open('PATCH_ID', 'KB123456'),
  ],
  AMAZON_LINUX: [products('AmazonLinux', ...amazonLinuxReleases), RPM_CLASSIFICATION, AMAZON_SEVERITY],
  AMAZON_LINUX_2: [products('AmazonLinux', '2', '2.0'), RPM_CLASSIFICATION, AMAZON_SEVERITY],
  AMAZON_LINUX_2022: [products('AmazonLinux', '2022'), RPM_CLASSIFICATION, AMAZON_2023_SEVERITY],
  AMAZON_LINUX_2023: [products('AmazonLinux', '2023'), RPM_CLASSIFICATION, AMAZON_2023_SEVERITY],
  REDHAT_ENTERPRISE_LINUX: [
    products('RedhatEnterpriseLinux', ...minors(7, 0, 9), ...minors(8, 0, 10), ...minors(9, 0, 7), ...minors(10, 0, 1)),
    RPM_CLASSIFICATION,
    RED_HAT_SEVERITY,
  ],
  ROCKY_LINUX: [
    products('RockyLinux', ...minors(8, 3, 10), ...minors(9, 0, 7), ...minors(10, 0, 1)),
    RPM_CLASSIFICATION,
    RED_HAT_SEVERITY,
  ],
  ALMA_LINUX: [
    products('AlmaLinux', ...minors(8, 3, 10), ...minors(9, 0, 7), ...minors(10, 0, 1)),
    RPM_CLASSIFICATION,
    RED_HAT_SEVERITY,
  ],
  CENTOS: [
    products('CentOS', ...minors(6, 5, 10), ...minors(7, 0, 9), ...minors(8, 0, 5)),
    RPM_CLASSIFICATION,
    RED_HAT_SEVERITY,
  ],
  ORACLE_LINUX: [
    products('OracleLinux', ...minors(7, 0, 9), ...minors(8, 0, 10), ...minors(9, 0, 7)),
    closed('CLASSIFICATION', 'Security', 'Bugfix', 'Enhancement'),
    FOUR_SEVERITIES,
  ],
  SUSE: [
    products('Suse', ...minors(12, 0, 5), ...minors(15, 0, 7)),
    closed('CLASSIFICATION', 'Security', 'Recommended', 'Optional', 'Feature', 'Document', 'Yast'),
    FOUR_SEVERITIES,
  ],
  UBUNTU: [
    products(
      'Ubuntu',
      '14.04',
      '16.04',
      '18.04',
      '20.04',
      '22.04',
      '23.04',
      '23.10',
      '24.04',
      '24.10',
      '25.04',
      '25.10',
      '26.04',
    ),
    PRIORITY,
    SECTION,
  ],
  DEBIAN: [products('Debian', '8', '9', '10', '11', '12', '13'), PRIORITY, SECTION],
  RASPBIAN: [products('Raspbian', '9', '10', '11', '12'), PRIORITY, SECTION],
  MACOS: [products('macos', '12', '13', '14', '15'), closed('CLASSIFICATION', 'Security', 'Recommended')],
};
