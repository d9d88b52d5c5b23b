/** Says whether a text matches; made once per pattern, called once per package. */
export type TextMatcher = (text: string) => boolean;

/**
 * Matches a whole text against a pattern in which each `*` stands for any text, the empty one too; everything else is
 * literal. Works by segments instead of a regular expression: a pattern of many stars from a stranger's baseline must
 * not cost exponential time.
 */
export function compileWildcard(pattern: string, options: { ignoreCase?: boolean } = {}): TextMatcher {
  const ignoreCase = options.ignoreCase ?? false;
  const wanted = ignoreCase ? pattern.toLowerCase() : pattern;
  if (!wanted.includes('*')) return ignoreCase ? (text) => text.toLowerCase() === wanted : (text) => text === wanted;
  if (/^\*+$/.test(wanted)) return () => true;
  const segments = wanted.split('*');
  const first = segments[0] ?? '';
  const last = segments.at(-1) ?? '';
  const middle = segments.slice(1, -1).filter((segment) => segment !== '');
  return (text) => {
    const subject = ignoreCase ? text.toLowerCase() : text;
    if (subject.length < first.length + last.length) return false;
    if (!subject.startsWith(first) || !subject.endsWith(last)) return false;
    const end = subject.length - last.length;
    let position = first.length;
    for (const segment of middle) {
      const found = subject.indexOf(segment, position);
      if (found === -1 || found + segment.length > end) return false;
      position = found + segment.length;
    }
    return true;
  };
}

/** Matches when any of the patterns does; the exact ones are looked up in a set. */
export function compileWildcards(patterns: readonly string[], options: { ignoreCase?: boolean } = {}): TextMatcher {
  if (options.ignoreCase !== true && patterns.every((pattern) => !pattern.includes('*'))) {
    const exact = new Set(patterns);
    return (text) => exact.has(text);
  }
  const matchers = patterns.map((pattern) => compileWildcard(pattern, options));
  return (text) => matchers.some((matches) => matches(text));
}
