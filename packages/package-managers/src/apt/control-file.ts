import { ParseError } from '../parse-error.ts';

/** One paragraph of a control file: field names in lower case, continuation lines joined with line feeds. */
export interface Stanza {
  readonly fields: ReadonlyMap<string, string>;
  /** Of its first line, counted from 1. */
  readonly line: number;
}

/**
 * Reads a control file, https://manpages.debian.org/bookworm/dpkg-dev/deb822.5.en.html. Comment lines are dropped.
 * Throws ParseError on a line that is neither a field nor the continuation of one, and on a field given twice.
 */
export function parseControlFile(text: string, what: string, firstLine = 1): Stanza[] {
  const stanzas: Stanza[] = [];
  let fields = new Map<string, string>();
  let startLine = 0;
  let currentField: string | null = null;
  let line = firstLine - 1;
  for (let start = 0; start < text.length; ) {
    const lineFeed = text.indexOf('\n', start);
    const end = lineFeed === -1 ? text.length : lineFeed;
    const content = text.slice(start, end);
    start = end + 1;
    line += 1;
    const firstCharacter = content.charAt(0);
    if (firstCharacter === '#') continue;
    if (content.trim() === '') {
      if (fields.size > 0) stanzas.push({ fields, line: startLine });
      fields = new Map();
      currentField = null;
    } else if (firstCharacter === ' ' || firstCharacter === '\t') {
      if (currentField === null) throw malformed(what, line, 'a continuation line without a field before it');
      fields.set(currentField, `${fields.get(currentField) ?? ''}\n${content.trim()}`);
    } else {
      const colon = content.indexOf(':');
      if (colon < 1) throw malformed(what, line, `expected "Field: value", found ${JSON.stringify(content)}`);
      currentField = content.slice(0, colon).toLowerCase();
      if (fields.has(currentField)) throw malformed(what, line, `the field ${content.slice(0, colon)} is given twice`);
      if (fields.size === 0) startLine = line;
      fields.set(currentField, content.slice(colon + 1).trim());
    }
  }
  if (fields.size > 0) stanzas.push({ fields, line: startLine });
  return stanzas;
}

/** The value of a field that has to be there. */
export function requireField(stanza: Stanza, name: string, what: string): string {
  const value = stanza.fields.get(name);
  if (value === undefined || value === '') throw malformed(what, stanza.line, `the stanza has no field ${name}`);
  return value;
}

/** The package's source and its version; deb-control(5): both default to the package's own. */
export function readSource(
  stanza: Stanza,
  name: string,
  version: string,
  what: string,
): { source: string; sourceVersion: string } {
  const value = stanza.fields.get('source');
  if (value === undefined || value === '') return { source: name, sourceVersion: version };
  const match = /^(\S+)(?:\s+\(([^)\s]+)\))?$/.exec(value);
  if (match === null) throw malformed(what, stanza.line, `Source ${JSON.stringify(value)} is not "name (version)"`);
  return { source: match[1] ?? name, sourceVersion: match[2] ?? version };
}

/** The relation fields of one package as their texts; empty where it has none. */
export interface RelationTexts {
  readonly depends: string;
  readonly preDepends: string;
  readonly recommends: string;
  readonly breaks: string;
  readonly conflicts: string;
  readonly provides: string;
}

export function readRelations(stanza: Stanza): RelationTexts {
  const text = (name: string): string => stanza.fields.get(name) ?? '';
  return {
    depends: text('depends'),
    preDepends: text('pre-depends'),
    recommends: text('recommends'),
    breaks: text('breaks'),
    conflicts: text('conflicts'),
    provides: text('provides'),
  };
}

export function malformed(what: string, line: number, problem: string): ParseError {
  return new ParseError('UNREADABLE_FILE', what, line, problem);
}
