import type { UnknownReason, Verdict, VerdictItem } from '@patchbay/facts';
import { isCompliantItem } from '../states/state-table.ts';

/** How an image stands to what is approved for it now. */
export type ImageFreshness = 'current' | 'stale' | 'unknown';

/** A verdict about an image in few words: whether it is as patched as its baseline wants it today, and why not. */
export interface FreshnessFinding {
  readonly freshness: ImageFreshness;
  /** One sentence. */
  readonly why: string;
  /** What makes it stale, in the order of the verdict; listed under `unknown`, too, as far as it is known. */
  readonly faults: readonly VerdictItem[];
  /** The rest that has newer versions in the archives: what waits, is phased, excluded or rejected. */
  readonly others: readonly VerdictItem[];
}

const mostNamed = 3;

export function findFreshness(verdict: Pick<Verdict, 'status' | 'unknownReasons' | 'items'>): FreshnessFinding {
  const items = verdict.items.filter(({ state }) => state !== 'unknown');
  const faults = items.filter((item) => !isCompliantItem(item));
  const others = items.filter((item) => isCompliantItem(item) && item.evidence.offered.length > 0);
  if (verdict.status === 'unknown') {
    return { freshness: 'unknown', why: describeDoubts(verdict.unknownReasons), faults, others };
  }
  const waiting = items.filter(({ state }) => state === 'waiting').length;
  const waits = waiting === 0 ? '' : ` ${count(waiting, 'patch waits', 'patches wait')} for approval.`;
  if (faults.length === 0) {
    return { freshness: 'current', why: `No approved patch is missing.${waits}`, faults, others };
  }
  return { freshness: 'stale', why: `${describeFaults(faults)}${waits}`, faults, others };
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

function describeDoubts(reasons: readonly UnknownReason[]): string {
  return reasons.map(({ message }) => (message.endsWith('.') ? message : `${message}.`)).join(' ');
}

function describeFaults(faults: readonly VerdictItem[]): string {
  const missing = faults.filter(({ targetVersion }) => targetVersion !== null);
  const rest = faults.filter(({ targetVersion }) => targetVersion === null);
  const parts: string[] = [];
  if (missing.length > 0) {
    const named = missing
      .slice(0, mostNamed)
      .map(({ name, installedVersion, targetVersion }) => `${name} ${installedVersion ?? '(none)'} → ${targetVersion}`);
    const more = missing.length > mostNamed ? ` and ${missing.length - mostNamed} more` : '';
    const what = count(missing.length, 'approved patch is missing', 'approved patches are missing');
    parts.push(`${what}: ${named.join(', ')}${more}.`);
  }
  if (rest.length > 0) {
    const named = rest.slice(0, mostNamed).map(({ name, state }) => `${name} (${state})`);
    const more = rest.length > mostNamed ? ` and ${rest.length - mostNamed} more` : '';
    const what = count(
      rest.length,
      'package is not as its baseline wants it',
      'packages are not as their baseline wants them',
    );
    parts.push(`${what}: ${named.join(', ')}${more}.`);
  }
  return parts.join(' ');
}
