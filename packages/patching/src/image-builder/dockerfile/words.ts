import { InstructionProblem } from './dockerfile-error.ts';

/** A text of a Dockerfile in which variables are replaced; quotes and escapes are gone. */
export type Word = readonly WordPart[];

export type WordPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string; readonly modifier: Modifier | null };

/** `${NAME:-word}` and its like; with the colon an empty value counts as none. */
export interface Modifier {
  readonly operator: '-' | '+' | '?';
  readonly isEmptyUnset: boolean;
  readonly word: Word;
}

const isSpace = (character: string | undefined) => character === ' ' || character === '\t' || character === '\n';

/**
 * The words between spaces, quotes and escapes still in them (Dockerfile reference, ENV): spaces within quotes and escaped ones
 * part nothing.
 */
export function splitWords(text: string, escape: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (quote === null && isSpace(character)) {
      if (word !== null) words.push(word);
      word = null;
      continue;
    }
    word = (word ?? '') + character;
    if (character === escape && quote !== "'" && index + 1 < text.length) {
      index += 1;
      word += text.charAt(index);
    } else if (quote === null && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = null;
  }
  if (word !== null) words.push(word);
  return words;
}

/** Nobody nests deeper, and a reader that calls itself must end. */
const deepestNesting = 20;

/** Reads quotes, escapes and variables (Dockerfile reference, "Environment replacement"). Throws InstructionProblem. */
export function readWord(text: string, escape: string): Word {
  return new WordReader(text, escape).read();
}

class WordReader {
  readonly #text: string;
  readonly #escape: string;
  #index = 0;

  constructor(text: string, escape: string) {
    this.#text = text;
    this.#escape = escape;
  }

  read(): Word {
    return this.#readUntil(null, 0);
  }

  #readUntil(end: '}' | null, depth: number): Word {
    const parts: WordPart[] = [];
    while (this.#index < this.#text.length) {
      const character = this.#text.charAt(this.#index);
      if (character === end) return parts;
      if (character === "'") this.#readSingleQuoted(parts);
      else if (character === '"') this.#readDoubleQuoted(parts, depth);
      else if (character === '$') this.#readVariable(parts, depth);
      else {
        this.#index += character === this.#escape ? 1 : 0;
        append(parts, this.#text.charAt(this.#index));
        this.#index += 1;
      }
    }
    if (end !== null) throw new InstructionProblem('${ without the } that ends it');
    return parts;
  }

  #readSingleQuoted(parts: WordPart[]): void {
    const close = this.#text.indexOf("'", this.#index + 1);
    if (close === -1) throw new InstructionProblem("a quote ' without the one that ends it");
    append(parts, this.#text.slice(this.#index + 1, close));
    this.#index = close + 1;
  }

  #readDoubleQuoted(parts: WordPart[], depth: number): void {
    this.#index += 1;
    append(parts, '');
    while (this.#index < this.#text.length) {
      const character = this.#text.charAt(this.#index);
      if (character === '"') {
        this.#index += 1;
        return;
      }
      if (character === '$') {
        this.#readVariable(parts, depth);
        continue;
      }
      const next = this.#text.charAt(this.#index + 1);
      // In double quotes only these can be escaped; before anything else the character is itself.
      const isEscape = character === this.#escape && (next === '"' || next === '$' || next === this.#escape);
      append(parts, isEscape ? next : character);
      this.#index += isEscape ? 2 : 1;
    }
    throw new InstructionProblem('a quote " without the one that ends it');
  }

  #readVariable(parts: WordPart[], depth: number): void {
    this.#index += 1;
    const isBraced = this.#text.charAt(this.#index) === '{';
    if (isBraced) this.#index += 1;
    const [name = ''] = /^(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+)/.exec(this.#text.slice(this.#index)) ?? [];
    this.#index += name.length;
    if (!isBraced) {
      if (name === '') append(parts, '$');
      else parts.push({ kind: 'variable', name, modifier: null });
      return;
    }
    if (name === '') throw new InstructionProblem('${ without the name of a variable');
    const modifier = this.#readModifier(name, depth);
    if (this.#text.charAt(this.#index) !== '}') throw new InstructionProblem('${ without the } that ends it');
    this.#index += 1;
    parts.push({ kind: 'variable', name, modifier });
  }

  #readModifier(name: string, depth: number): Modifier | null {
    // Without any character there is no } either: who called says so.
    if (['}', ''].includes(this.#text.charAt(this.#index))) return null;
    if (depth >= deepestNesting) throw new InstructionProblem(`\${…} nested more than ${deepestNesting} deep`);
    const isEmptyUnset = this.#text.charAt(this.#index) === ':';
    if (isEmptyUnset) this.#index += 1;
    const operator = this.#text.charAt(this.#index);
    if (operator !== '-' && operator !== '+' && operator !== '?') {
      throw new InstructionProblem(`\${${name}…} is followed by something else than }, :-, :+, :?, -, + and ?`);
    }
    this.#index += 1;
    return { operator, isEmptyUnset, word: this.#readUntil('}', depth + 1) };
  }
}

function append(parts: WordPart[], text: string): void {
  const last = parts.at(-1);
  if (last?.kind === 'text') parts[parts.length - 1] = { kind: 'text', text: last.text + text };
  else parts.push({ kind: 'text', text });
}

/** What Linux takes for one variable of an environment (execve(2), MAX_ARG_STRLEN); ENV A=$A$A soon goes beyond it. */
const mostCharacters = 128 * 1024;

/** The text with the values of its variables; one without a value is nothing. Throws InstructionProblem. */
export function expandWord(word: Word, environment: ReadonlyMap<string, string>): string {
  let text = '';
  for (const part of word) {
    text += part.kind === 'text' ? part.text : expandVariable(part, environment);
    if (text.length > mostCharacters) {
      throw new InstructionProblem(`a value of more than ${mostCharacters} characters`);
    }
  }
  return text;
}

function expandVariable(
  { name, modifier }: Extract<WordPart, { kind: 'variable' }>,
  environment: ReadonlyMap<string, string>,
): string {
  const value = environment.get(name);
  if (modifier === null) return value ?? '';
  const { operator, isEmptyUnset, word } = modifier;
  const isSet = value !== undefined && !(isEmptyUnset && value === '');
  if (operator === '+') return isSet ? expandWord(word, environment) : '';
  if (isSet) return value;
  if (operator === '-') return expandWord(word, environment);
  const why = expandWord(word, environment);
  throw new InstructionProblem(why === '' ? `the variable ${name} must have a value` : `${name}: ${why}`);
}
