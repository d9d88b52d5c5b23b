const compiled = new Map<string, RegExp>();

/**
 * A Java regular expression of AWS's models as JavaScript's, to be matched against the whole value as Java's
 * `matches()` does. Throws SyntaxError for one that JavaScript cannot express; a test compiles them all.
 */
export function compileJavaPattern(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const ignoresCase = pattern.startsWith('(?i)');
  const source = ignoresCase ? pattern.slice('(?i)'.length) : pattern;
  // Only \p{..} needs the u flag, under which the needless escapes of AWS's patterns would be errors.
  const flags = `${ignoresCase ? 'i' : ''}${source.includes('\\p{') ? 'u' : ''}`;
  const expression = new RegExp(`^(?:${source})$`, flags);
  compiled.set(pattern, expression);
  return expression;
}
