import { type CST, type Document, isScalar, LineCounter, type Node, Parser, parseDocument, visit } from 'yaml';
import { findJsonError } from './json-error.ts';
import { isNestedTooDeep, mostNesting } from './nesting-depth.ts';

export type DocumentFormat = 'JSON' | 'YAML';
export type Path = readonly PropertyKey[];
export interface Place {
  readonly line: number;
  readonly column: number;
}

export type DocumentSource =
  | {
      readonly ok: true;
      readonly value: unknown;
      /** Where what is at this path begins; where it is not there, what would hold it. */
      readonly placeOf: (path: Path) => Place | undefined;
      /** What a text, a number or a truth value at this path was written as: `0644`, `1.0`. Not through aliases. */
      readonly writtenAt: (path: Path) => string | undefined;
    }
  | { readonly ok: false; readonly place: Place | undefined; readonly message: string };

/** A text of 64 KB, AWS's limit, comes to less without aliases. */
const mostCharacters = 256 * 1024;
const mostAliases = 1000;

/** The value that a text in JSON or YAML writes, of limited depth and size and without ambiguous names. */
export function readDocumentSource(text: string, format: DocumentFormat): DocumentSource {
  const lines = new LineCounter();
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const refuse = (message: string, offset?: number): DocumentSource => {
    const place = offset === undefined ? undefined : lines.linePos(offset);
    return { ok: false, place: place && { line: place.line, column: place.col }, message };
  };
  let json: unknown;
  if (format === 'JSON') {
    try {
      json = JSON.parse(text);
    } catch {
      const offset = findJsonError(text);
      const found =
        offset < text.length
          ? `did not expect ${JSON.stringify(text.slice(offset, offset + 10))}`
          : 'it ends too early';
      return refuse(`the content is not well-formed JSON: ${found}; content in YAML needs DocumentFormat YAML`, offset);
    }
  }
  const tooDeep = findTooDeep(tokens);
  if (tooDeep !== undefined) return refuse(`the content is nested more than ${mostNesting} deep`, tooDeep);
  // JSON is YAML: one parser finds the places of both. Its own check of keys takes quadratic time.
  // Sets, dates and bytes, which other schemas and tags bring, are no JSON and would be lost when it is written.
  const tree = parseDocument(text, { prettyErrors: false, schema: 'core', resolveKnownTags: false, uniqueKeys: false });
  const [error] = format === 'YAML' ? [...tree.errors, ...tree.warnings] : [];
  if (error) return refuse(`the content is not well-formed YAML: ${error.message}`, error.pos[0]);
  const refused = findRefused(tree);
  if (refused) return refuse(`the content cannot be taken as ${format}: ${refused.message}`, refused.offset);
  const placeOf = (path: Path): Place | undefined => {
    for (let length = path.length; length >= 0; length -= 1) {
      const found = tree.getIn(path.slice(0, length), true) as Node | null | undefined;
      const offset = found?.range?.[0];
      if (offset === undefined) continue;
      const { line, col } = lines.linePos(offset);
      return { line, column: col };
    }
    return undefined;
  };
  const writtenAt = (path: Path): string | undefined => {
    const found: unknown = tree.getIn(path, true);
    return isScalar(found) ? found.source : undefined;
  };
  if (format === 'JSON') return { ok: true, value: json, placeOf, writtenAt };
  try {
    // yaml's own limit for what aliases come to takes cubic time. Without it their values are shared, not copied.
    const value: unknown = tree.toJS({ maxAliasCount: -1 });
    if (isWrittenTooLong(value)) {
      return refuse(`the content has more than ${mostCharacters} characters once its aliases are written out`);
    }
    if (isNestedTooDeep(value)) {
      return refuse(`the content is nested more than ${mostNesting} deep once its aliases are written out`);
    }
    return { ok: true, value, placeOf, writtenAt };
  } catch (cause) {
    return refuse(`the content cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** Whether a value in which parts are shared is too long when each is written where it is used. */
function isWrittenTooLong(value: unknown): boolean {
  const waiting = [value];
  let length = 0;
  while (waiting.length > 0 && length <= mostCharacters) {
    const each = waiting.pop();
    if (typeof each !== 'object' || each === null) {
      length += String(each).length;
      continue;
    }
    for (const [name, member] of Object.entries(each)) {
      length += 1 + (Array.isArray(each) ? 0 : name.length);
      waiting.push(member);
    }
  }
  return length > mostCharacters;
}

/** Where the first list or map begins that is nested too deep: the parser of tokens does not call itself, what follows does. */
function findTooDeep(tokens: readonly CST.Token[]): number | undefined {
  const waiting = tokens.map((token): [CST.Token, number] => [token, 0]);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [token, depth] = next;
    if (token.type === 'document' && token.value) waiting.push([token.value, depth]);
    if (!('items' in token)) continue;
    if (depth === mostNesting) return token.offset;
    for (const { key, value } of token.items) {
      if (key) waiting.push([key, depth + 1]);
      if (value) waiting.push([value, depth + 1]);
    }
  }
  return undefined;
}

interface Refusal {
  readonly message: string;
  readonly offset: number | undefined;
}

/**
 * More aliases than are looked up in short time, and names that would be lost: one given twice, one that is no text, or
 * `__proto__`, which is left out of JavaScript's objects.
 */
function findRefused(tree: Document): Refusal | undefined {
  let found: Refusal | undefined;
  let aliases = 0;
  const stopAt = (node: unknown, message: string) => {
    found = { message, offset: (node as Node | null)?.range?.[0] };
    return visit.BREAK;
  };
  visit(tree, {
    Alias(_key, alias) {
      aliases += 1;
      return aliases > mostAliases ? stopAt(alias, `more than ${mostAliases} aliases`) : undefined;
    },
    Map(_key, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar<string | number | boolean | null>(key))
          return stopAt(key, 'map keys must be texts; {{ … }} needs quotes around it');
        const name = String(key.value ?? '');
        if (name === '__proto__') return stopAt(key, 'no map key may be __proto__');
        if (seen.has(name)) return stopAt(key, 'map keys must be unique');
        seen.add(name);
      }
      return undefined;
    },
  });
  return found;
}
