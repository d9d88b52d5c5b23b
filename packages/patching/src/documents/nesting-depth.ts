/** How deep lists and maps may stand in one another: what walks over them calls itself. AWS documents no limit. */
export const mostNesting = 100;

/** Whether a value is nested deeper than that, or holds itself. */
export function isNestedTooDeep(value: unknown): boolean {
  const waiting: [value: unknown, depth: number][] = [[value, 0]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [each, depth] = next;
    if (typeof each !== 'object' || each === null) continue;
    if (depth === mostNesting) return true;
    for (const member of Object.values(each)) waiting.push([member, depth + 1]);
  }
  return false;
}
