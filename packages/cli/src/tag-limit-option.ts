import type { TagLimit } from '@patchbay/contracts';
import { InvalidArgumentError } from 'commander';

/** For commander: takes `Key=Value` to what was given before: values of one key are alternatives, different keys must all be met. */
export function addTagLimit(text: string, earlier: readonly TagLimit[] = []): TagLimit[] {
  const end = text.indexOf('=');
  if (end < 1) throw new InvalidArgumentError('Write it as Key=Value.');
  const [key, value] = [text.slice(0, end), text.slice(end + 1)];
  const same = earlier.find((limit) => limit.key === key);
  if (!same) return [...earlier, { key, values: [value] }];
  return earlier.map((limit) => (limit === same ? { key, values: [...limit.values, value] } : limit));
}
