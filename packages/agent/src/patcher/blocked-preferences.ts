/**
 * Preferences that keep blocked packages as they are (apt_preferences(5)): what is installed stays the candidate, and
 * no other version may come in. They have to stand before the machine's own, because apt takes the first that applies.
 */
export function writeBlockedPreferences(blocked: readonly string[]): string {
  return blocked
    .flatMap(packageExpressions)
    .map(
      (packages) =>
        `Package: ${packages}\nPin: release a=now\nPin-Priority: 990\n\nPackage: ${packages}\nPin: version *\nPin-Priority: -1\n`,
    )
    .join('\n');
}

/** Entries are names, also with the architecture (`bash.amd64`), each `*` standing for any text. */
function packageExpressions(entry: string): string[] {
  if (!/^[A-Za-z0-9+.*_-]+$/.test(entry)) return [];
  const dot = entry.lastIndexOf('.');
  if (dot < 1) return [`${entry}:any`];
  const architecture = entry.slice(dot + 1);
  // apt counts `all` as the native architecture.
  return [
    `${entry}:any`,
    `${entry.slice(0, dot)}:${architecture === 'all' ? 'native' : architecture.replace('*', 'any')}`,
  ];
}

/** Whether an entry names a package. Works by parts, so that many stars cost no time. */
export function isBlocked(blocked: readonly string[], name: string, architecture: string): boolean {
  return blocked.some((entry) => matches(entry, name) || matches(entry, `${name}.${architecture}`));
}

function matches(entry: string, text: string): boolean {
  const [first = '', ...rest] = entry.split('*');
  const last = rest.pop();
  if (last === undefined) return entry === text;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let position = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, position);
    if (found === -1 || found + part.length > text.length - last.length) return false;
    position = found + part.length;
  }
  return true;
}
