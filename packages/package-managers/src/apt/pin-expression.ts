/**
 * Whether a text matches the way apt_preferences(5) writes patterns: `/regex/` (POSIX extended) or a glob, both
 * without regard to case.
 */
export function matchesPinExpression(pattern: string, text: string): boolean {
  return compileExpression(pattern).test(text);
}

export function isPinPattern(name: string): boolean {
  return name.startsWith('/') || /[*?[]/.test(name);
}

const compiled = new Map<string, RegExp>();

function compileExpression(pattern: string): RegExp {
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    expression = compile(translate(pattern));
    if (compiled.size > 10_000) compiled.clear();
    compiled.set(pattern, expression);
  }
  return expression;
}

/** As apt does, an expression that does not compile matches nothing. */
function compile(source: string): RegExp {
  try {
    return new RegExp(source, 'i');
  } catch {
    return /(?!)/;
  }
}

function translate(pattern: string): string {
  if (pattern.length > 1 && pattern.startsWith('/') && pattern.endsWith('/')) {
    return pattern
      .slice(1, -1)
      .replaceAll(/\[:(alpha|digit|alnum|lower|upper|space):\]/g, (_, name: string) => posixClasses[name] ?? '');
  }
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    const bracketEnd = character === '[' ? pattern.indexOf(']', at + 2) : -1;
    if (character === '*') source += '[^]*';
    else if (character === '?') source += '[^]';
    else if (bracketEnd !== -1) {
      source += `[${pattern
        .slice(at + 1, bracketEnd)
        .replace(/^!/, '^')
        .replaceAll('\\', '\\\\')}]`;
      at = bracketEnd;
    } else source += character.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  }
  return `^${source}$`;
}

const posixClasses: Readonly<Record<string, string>> = {
  alpha: 'a-zA-Z',
  digit: '0-9',
  alnum: 'a-zA-Z0-9',
  lower: 'a-z',
  upper: 'A-Z',
  space: '\\s',
};
