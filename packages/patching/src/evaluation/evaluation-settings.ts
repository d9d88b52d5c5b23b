import { OperatingSystem } from '@patchbay/facts';
import { z } from 'zod';
import { ArchiveClassification, defaultArchiveClassification } from '../classification/archive-classification.ts';

/** The last supported day of one release, in the public archives that come without a contract. */
export const EndOfLife = z.object({
  operatingSystem: OperatingSystem,
  /** `VERSION_ID` of os-release. */
  versionId: z.string(),
  /** `YYYY-MM-DD`, the whole UTC day included. */
  supportedUntil: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
});
export type EndOfLife = z.infer<typeof EndOfLife>;

export const EvaluationSettings = z.object({
  classification: ArchiveClassification,
  /**
   * What to do when the version whose delay has passed has left the archives: take the newest obtainable one in its
   * place, or wait and report the patch as not obtainable.
   */
  successorPolicy: z.enum(['approve-successor', 'wait']),
  /** Facts older than this make a node unknown. */
  verdictMaxAgeHours: z.number().positive(),
  endOfLife: z.array(EndOfLife),
  /** What a node may fetch only to read changelogs: no larger package than this, and no more than that in one run. */
  changelogPackageBytes: z.number().int().nonnegative(),
  changelogRunBytes: z.number().int().nonnegative(),
});
export type EvaluationSettings = z.infer<typeof EvaluationSettings>;

function ends(operatingSystem: OperatingSystem, versionId: string, supportedUntil: string): EndOfLife {
  return { operatingSystem, versionId, supportedUntil };
}

/**
 * Ubuntu's releases between those of every second April are supported for nine months (ubuntu.com/about/release-cycle);
 * the last day of the ninth stands for all of them.
 */
function endInterimReleases(firstYear: number, lastYear: number): EndOfLife[] {
  const years = Array.from({ length: lastYear - firstYear + 1 }, (_, index) => firstYear + index);
  return years.flatMap((year) => [
    ...(year % 2 === 0 ? [] : [ends('UBUNTU', `${year}.04`, `20${year + 1}-01-31`)]),
    ends('UBUNTU', `${year}.10`, `20${year + 1}-07-31`),
  ]);
}

/**
 * For machines without distro-info-data. Debian: ends of LTS (wiki.debian.org/LTS). Ubuntu: ends of standard support
 * (wiki.ubuntu.com/Releases).
 */
const defaultEndOfLife: readonly EndOfLife[] = [
  ends('DEBIAN', '6', '2016-02-29'),
  ends('DEBIAN', '7', '2018-05-31'),
  ends('DEBIAN', '8', '2020-06-30'),
  ends('DEBIAN', '9', '2022-06-30'),
  ends('DEBIAN', '10', '2024-06-30'),
  ends('DEBIAN', '11', '2026-08-31'),
  ends('DEBIAN', '12', '2028-06-30'),
  ends('DEBIAN', '13', '2030-06-30'),
  ends('UBUNTU', '10.04', '2015-04-30'),
  ends('UBUNTU', '12.04', '2017-04-28'),
  ends('UBUNTU', '14.04', '2019-04-30'),
  ends('UBUNTU', '16.04', '2021-04-30'),
  ends('UBUNTU', '18.04', '2023-05-31'),
  ends('UBUNTU', '20.04', '2025-05-31'),
  ends('UBUNTU', '22.04', '2027-06-01'),
  ends('UBUNTU', '24.04', '2029-05-31'),
  ...endInterimReleases(10, 40),
];

export const defaultEvaluationSettings: EvaluationSettings = {
  classification: defaultArchiveClassification,
  successorPolicy: 'approve-successor',
  verdictMaxAgeHours: 48,
  endOfLife: [...defaultEndOfLife],
  changelogPackageBytes: 5 * 1024 * 1024,
  changelogRunBytes: 100 * 1024 * 1024,
};
