import { type ArchiveObservation, archiveKey } from '@patchbay/facts';
import {
  type ArchiveClassification,
  type ArchiveMatcher,
  compileArchivePatterns,
} from '../classification/archive-classification.ts';

/** One configured archive as the evaluation needs it. */
export interface ArchiveView {
  readonly key: string;
  readonly isCurrent: boolean;
  readonly isSecurity: boolean;
  readonly isExtendedSupport: boolean;
  /** What is wrong with it, in words; empty for a current one. */
  readonly fault: string;
}

/** The matchers of a classification, compiled once per settings value. */
interface ClassificationMatchers {
  readonly security: ArchiveMatcher;
  readonly extendedSupport: ArchiveMatcher;
}

const matchersBySettings = new WeakMap<ArchiveClassification, ClassificationMatchers>();

function matchersOf(classification: ArchiveClassification): ClassificationMatchers {
  const known = matchersBySettings.get(classification);
  if (known !== undefined) return known;
  const matchers = {
    security: compileArchivePatterns(classification.security),
    extendedSupport: compileArchivePatterns(classification.extendedSupport),
  };
  matchersBySettings.set(classification, matchers);
  return matchers;
}

/** Views in the order of the observations, so that the positions in the offers stay valid. */
export function viewArchives(
  archives: readonly ArchiveObservation[],
  classification: ArchiveClassification,
): ArchiveView[] {
  const { security, extendedSupport } = matchersOf(classification);
  return archives.map((archive) => ({
    key: archiveKey(archive.address),
    isCurrent: archive.status === 'current',
    isSecurity: security(archive),
    isExtendedSupport: extendedSupport(archive),
    fault:
      archive.status === 'current' ? '' : `${archive.status}${archive.reason === null ? '' : `: ${archive.reason}`}`,
  }));
}
