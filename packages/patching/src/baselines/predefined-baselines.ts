import type { OperatingSystem, PatchBaseline, PatchFilter, PatchFilterKey, PatchRule } from '@patchbay/facts';

/**
 * The account that owns the predefined baselines. AWS uses another one per Region; ours is one constant, because tools
 * only ever hand the whole ARN back.
 */
export const PREDEFINED_BASELINE_OWNER = '075727635805';

const ID_PREFIX = 'pb-0ba5e11e000000';

/** The ARN by which AWS addresses a baseline that it owns; own baselines are addressed by their bare `pb-` id. */
export function predefinedBaselineArn(region: string, baselineId: string): string {
  return `arn:aws:ssm:${region}:${PREDEFINED_BASELINE_OWNER}:patchbaseline/${baselineId}`;
}

function filter(key: PatchFilterKey, ...values: string[]): PatchFilter {
  return { key, values };
}

function rule(approveAfterDays: number, patchFilters: PatchFilter[], enableNonSecurity = false): PatchRule {
  return { patchFilterGroup: { patchFilters }, complianceLevel: 'UNSPECIFIED', approveAfterDays, enableNonSecurity };
}

function baseline(
  number: number,
  name: string,
  operatingSystem: OperatingSystem,
  description: string,
  patchRules: PatchRule[],
): PatchBaseline {
  return {
    baselineId: `${ID_PREFIX}${String(number).padStart(3, '0')}`,
    name,
    operatingSystem,
    globalFilters: { patchFilters: [] },
    approvalRules: { patchRules },
    approvedPatches: [],
    approvedPatchesComplianceLevel: 'UNSPECIFIED',
    approvedPatchesEnableNonSecurity: false,
    rejectedPatches: [],
    rejectedPatchesAction: 'ALLOW_AS_DEPENDENCY',
    description,
    sources: [],
  };
}

function advisoryRules(...severities: string[]): PatchRule[] {
  return [
    rule(7, [filter('PRODUCT', '*'), filter('CLASSIFICATION', 'Security'), filter('SEVERITY', ...severities)]),
    rule(7, [filter('PRODUCT', '*'), filter('CLASSIFICATION', 'Bugfix'), filter('SEVERITY', '*')]),
  ];
}

function everyPriorityRules(): PatchRule[] {
  return [
    rule(0, [
      filter('PRODUCT', '*'),
      filter('SECTION', '*'),
      filter('PRIORITY', 'Required', 'Important', 'Standard', 'Optional', 'Extra'),
    ]),
  ];
}

function windowsSystemRule(): PatchRule {
  return rule(7, [
    filter('PATCH_SET', 'OS'),
    filter('PRODUCT', '*'),
    filter('CLASSIFICATION', 'CriticalUpdates', 'SecurityUpdates'),
    filter('MSRC_SEVERITY', 'Critical', 'Important'),
  ]);
}

const AFTER_A_WEEK = 'Security fixes graded Critical or Important and all bug fixes, each seven days after release.';
const AT_ONCE = 'Updates from the security archive, of every priority, as soon as they appear.';
const WINDOWS_SYSTEM =
  'Critical and security updates of Windows itself, graded Critical or Important, after seven days.';

/**
 * The 17 baselines that exist without anybody creating them, with the rules of AWS's of the same name (user guide,
 * "Predefined patch baselines"). Read-only; all give the level UNSPECIFIED.
 */
export const predefinedBaselines: readonly PatchBaseline[] = [
  baseline(
    1,
    'AWS-AmazonLinuxDefaultPatchBaseline',
    'AMAZON_LINUX',
    AFTER_A_WEEK,
    advisoryRules('Critical', 'Important'),
  ),
  baseline(
    2,
    'AWS-AmazonLinux2DefaultPatchBaseline',
    'AMAZON_LINUX_2',
    AFTER_A_WEEK,
    advisoryRules('Critical', 'Important'),
  ),
  baseline(
    3,
    'AWS-AmazonLinux2022DefaultPatchBaseline',
    'AMAZON_LINUX_2022',
    AFTER_A_WEEK,
    advisoryRules('Critical', 'Important'),
  ),
  baseline(
    4,
    'AWS-AmazonLinux2023DefaultPatchBaseline',
    'AMAZON_LINUX_2023',
    AFTER_A_WEEK,
    advisoryRules('Critical', 'Important'),
  ),
  baseline(5, 'AWS-AlmaLinuxDefaultPatchBaseline', 'ALMA_LINUX', AFTER_A_WEEK, advisoryRules('Critical', 'Important')),
  baseline(
    6,
    'AWS-RockyLinuxDefaultPatchBaseline',
    'ROCKY_LINUX',
    AFTER_A_WEEK,
    advisoryRules('Critical', 'Important'),
  ),
  baseline(
    7,
    'AWS-RedHatDefaultPatchBaseline',
    'REDHAT_ENTERPRISE_LINUX',
    AFTER_A_WEEK,
    advisoryRules('Critical', 'Important'),
  ),
  baseline(8, 'AWS-CentOSDefaultPatchBaseline', 'CENTOS', 'Every update, of whatever kind, seven days after release.', [
    rule(7, [filter('PRODUCT', '*'), filter('CLASSIFICATION', '*'), filter('SEVERITY', '*')], true),
  ]),
  baseline(
    9,
    'AWS-OracleLinuxDefaultPatchBaseline',
    'ORACLE_LINUX',
    'Security fixes graded Important or Moderate and all bug fixes, each seven days after release.',
    advisoryRules('Important', 'Moderate'),
  ),
  baseline(
    10,
    'AWS-SuseDefaultPatchBaseline',
    'SUSE',
    'Security patches graded Critical or Important, seven days after release.',
    [
      rule(7, [
        filter('PRODUCT', '*'),
        filter('CLASSIFICATION', 'Security'),
        filter('SEVERITY', 'Critical', 'Important'),
      ]),
    ],
  ),
  baseline(11, 'AWS-DebianDefaultPatchBaseline', 'DEBIAN', AT_ONCE, everyPriorityRules()),
  baseline(12, 'AWS-UbuntuDefaultPatchBaseline', 'UBUNTU', AT_ONCE, everyPriorityRules()),
  baseline(13, 'AWS-DefaultRaspbianPatchBaseline', 'RASPBIAN', AT_ONCE, everyPriorityRules()),
  baseline(
    14,
    'AWS-MacOSDefaultPatchBaseline',
    'MACOS',
    'Security updates and every package that has a current update.',
    [
      rule(0, [filter('PRODUCT', '*'), filter('CLASSIFICATION', 'Security')]),
      rule(0, [filter('PRODUCT', '*'), filter('CLASSIFICATION', '*')]),
    ],
  ),
  baseline(15, 'AWS-DefaultPatchBaseline', 'WINDOWS', WINDOWS_SYSTEM, [windowsSystemRule()]),
  baseline(16, 'AWS-WindowsPredefinedPatchBaseline-OS', 'WINDOWS', WINDOWS_SYSTEM, [windowsSystemRule()]),
  baseline(
    17,
    'AWS-WindowsPredefinedPatchBaseline-OS-Applications',
    'WINDOWS',
    'As for Windows itself, and every update of Microsoft applications, after seven days.',
    [
      windowsSystemRule(),
      rule(7, [filter('PATCH_SET', 'APPLICATION'), filter('PRODUCT', '*'), filter('CLASSIFICATION', '*')]),
    ],
  ),
];

const defaultByOperatingSystem = new Map<OperatingSystem, PatchBaseline>();
for (const predefined of predefinedBaselines) {
  // The first one listed for a system is its default: of Windows' three, AWS-DefaultPatchBaseline.
  if (!defaultByOperatingSystem.has(predefined.operatingSystem)) {
    defaultByOperatingSystem.set(predefined.operatingSystem, predefined);
  }
}

/** The baseline that serves an operating system until somebody registers another default. */
export function predefinedBaselineFor(operatingSystem: OperatingSystem): PatchBaseline {
  const found = defaultByOperatingSystem.get(operatingSystem);
  if (found === undefined) throw new RangeError(`No predefined baseline for ${operatingSystem}`);
  return found;
}
