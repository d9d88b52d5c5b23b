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

/** The filters that make sense per operating system (user guide, "Creating a custom patch baseline"). */
export const filterValues: Readonly<Record<OperatingSystem, readonly FilterValues[]>> = {
  WINDOWS: [
    closed('PATCH_SET', 'OS', 'APPLICATION'),
    open('PRODUCT_FAMILY', 'Windows', 'Office'),
    open('PRODUCT', 'WindowsServer2016', 'WindowsServer2019', 'WindowsServer2022', 'WindowsServer2025'),
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
  AMAZON_LINUX: [products('AmazonLinux', '2017.09', '2018.03'), RPM_CLASSIFICATION, AMAZON_SEVERITY],
  AMAZON_LINUX_2: [products('AmazonLinux', '2', '2.0'), RPM_CLASSIFICATION, AMAZON_SEVERITY],
  AMAZON_LINUX_2022: [products('AmazonLinux', '2022'), RPM_CLASSIFICATION, AMAZON_2023_SEVERITY],
  AMAZON_LINUX_2023: [products('AmazonLinux', '2023'), RPM_CLASSIFICATION, AMAZON_2023_SEVERITY],
  REDHAT_ENTERPRISE_LINUX: [
    products('RedhatEnterpriseLinux', '7.9', '8.10', '9.4', '10.0'),
    RPM_CLASSIFICATION,
    RED_HAT_SEVERITY,
  ],
  ROCKY_LINUX: [products('RockyLinux', '8.10', '9.4'), RPM_CLASSIFICATION, RED_HAT_SEVERITY],
  ALMA_LINUX: [products('AlmaLinux', '8.10', '9.4'), RPM_CLASSIFICATION, RED_HAT_SEVERITY],
  CENTOS: [products('CentOS', '7.9', '8.0'), RPM_CLASSIFICATION, RED_HAT_SEVERITY],
  ORACLE_LINUX: [
    products('OracleLinux', '7.9', '8.10', '9.4'),
    closed('CLASSIFICATION', 'Security', 'Bugfix', 'Enhancement'),
    FOUR_SEVERITIES,
  ],
  SUSE: [
    products('Suse', '12.5', '15.5', '15.6'),
    closed('CLASSIFICATION', 'Security', 'Recommended', 'Optional', 'Feature', 'Document', 'Yast'),
    FOUR_SEVERITIES,
  ],
  UBUNTU: [products('Ubuntu', '14.04', '16.04', '18.04', '20.04', '22.04', '24.04'), PRIORITY, SECTION],
  DEBIAN: [products('Debian', '8', '9', '10', '11', '12', '13'), PRIORITY, SECTION],
  RASPBIAN: [products('Raspbian', '9', '10', '11', '12'), PRIORITY, SECTION],
  MACOS: [products('macos', '12', '13', '14', '15'), closed('CLASSIFICATION', 'Security', 'Recommended')],
};
