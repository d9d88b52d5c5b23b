import {
  type CharacterSet,
  complementOf,
  ignoringCase,
  includesCode,
  isWordCode,
  letterClasses,
  notLineEnd,
  type Range,
  setOf,
} from './character-set.ts';

/**
 * A regular expression of `allowedPattern` that matches in linear time, so that no pattern and no value can keep the control
 * plane or an agent busy: an automaton without backtracking. It takes most of what both of AWS's checkers take (Java at the
 * API, Go's RE2 in the agent). Refused are look-around, back-references and possessive quantifiers, which Go does not know;
 * `\p{…}`, `\Q…\E`, `\x{…}` and flags other than `(?i)` and `(?i:…)`, which both know; classes such as `[[:alpha:]]`, which
 * they read differently; groups more than a hundred deep, counts above 10,000, and patterns of more than 10,000 parts once
 * their counts are written out. `(?i)` folds the letters of ASCII, as in Java.
 */
export interface LinearPattern {
  /**
   * Whether the pattern is found in the text; `^` and `$` bind it to the ends. A large pattern over long texts is given up
   * after about a quarter of a second's work, over all that it is asked about, and counts as not found: what could not be
   * checked is not allowed. So a pattern is compiled anew for each call.
   */
  test(text: string): boolean;
}

export type CompiledPattern =
  | { readonly ok: true; readonly pattern: LinearPattern }
  | { readonly ok: false; readonly problem: string };

type Node =
  | { readonly kind: 'character'; readonly set: CharacterSet }
  | { readonly kind: 'assertion'; readonly assertion: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly least: number; readonly most: number };
type Assertion = 'begin' | 'end' | 'boundary' | 'no-boundary';

type Instruction =
  | { readonly kind: 'character'; readonly set: CharacterSet }
  | { readonly kind: 'assertion'; readonly assertion: Assertion }
  | { readonly kind: 'jump'; readonly targets: readonly number[] }
  | { readonly kind: 'match' };

const mostInstructions = 10_000;
/** Positions of the pattern that are looked at, over all texts: about a quarter of a second's work. */
const mostSteps = 12_000_000;
const mostDepth = 100;

class PatternProblem extends Error {}

/** Reads a pattern; a sentence says what is wrong with one that cannot be used. */
export function compilePattern(source: string): CompiledPattern {
  try {
    const program: Instruction[] = [];
    emit(new PatternReader(source).read(), program);
    program.push({ kind: 'match' });
    const work = { steps: 0 };
    return { ok: true, pattern: { test: (text) => run(program, text, work) } };
  } catch (error) {
    if (!(error instanceof PatternProblem)) throw error;
    return { ok: false, problem: `Expected a regular expression: ${error.message}` };
  }
}

const controls = new Map([
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['f', 12],
  ['v', 11],
]);

class PatternReader {
  readonly #characters: readonly string[];
  #position = 0;
  #depth = 0;
  #ignoresCase = false;

  constructor(source: string) {
    this.#characters = Array.from(source);
  }

  read(): Node {
    const node = this.#readChoice();
    if (this.#position < this.#characters.length) throw this.#problem('a ) that nothing opens');
    return node;
  }

  #problem(what: string): PatternProblem {
    return new PatternProblem(`${what} at character ${this.#position + 1}`);
  }

  #peek(): string | undefined {
    return this.#characters[this.#position];
  }

  #take(): string {
    const character = this.#characters[this.#position];
    if (character === undefined) throw this.#problem('an end too early');
    this.#position += 1;
    return character;
  }

  #takeIf(text: string): boolean {
    if (!this.#characters.slice(this.#position, this.#position + text.length).every((each, at) => each === text[at])) {
      return false;
    }
    if (this.#position + text.length > this.#characters.length) return false;
    this.#position += text.length;
    return true;
  }

  #readChoice(): Node {
    const options = [this.#readSequence()];
    while (this.#takeIf('|')) options.push(this.#readSequence());
    return options.length === 1 && options[0] ? options[0] : { kind: 'choice', options };
  }

  #readSequence(): Node {
    const parts: Node[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      if (this.#takeIf('(?i)')) this.#ignoresCase = true;
      else parts.push(this.#readRepeated());
    }
    return { kind: 'sequence', parts };
  }

  #readRepeated(): Node {
    const part = this.#readAtom();
    const count = this.#readCount();
    if (count === null) return part;
    if (part.kind === 'assertion') throw this.#problem('nothing to repeat');
    // Lazy or not changes what is found, not whether.
    if (!this.#takeIf('?') && this.#peek() === '+') {
      throw this.#problem('a possessive quantifier, which Go does not know,');
    }
    // Go refuses `a**` as well.
    if (this.#readCount() !== null) throw this.#problem('nothing to repeat: one quantifier follows another');
    return { kind: 'repeat', part, ...count };
  }

  #readCount(): { least: number; most: number } | null {
    if (this.#takeIf('*')) return { least: 0, most: Number.POSITIVE_INFINITY };
    if (this.#takeIf('+')) return { least: 1, most: Number.POSITIVE_INFINITY };
    if (this.#takeIf('?')) return { least: 0, most: 1 };
    if (this.#peek() !== '{') return null;
    let end = this.#position + 1;
    while (/^[\d,]$/.test(this.#characters[end] ?? '')) end += 1;
    const braces = /^\{(\d+)(?:(,)(\d*))?\}$/.exec(this.#characters.slice(this.#position, end + 1).join(''));
    if (braces === null) return null;
    const [whole, least = '', comma, most = ''] = braces;
    if (Number(least) > mostInstructions || Number(most) > mostInstructions) {
      throw this.#problem('a count that is too large');
    }
    this.#position += whole.length;
    const count = {
      least: Number(least),
      most: comma === undefined ? Number(least) : most === '' ? Number.POSITIVE_INFINITY : Number(most),
    };
    if (count.most < count.least) throw this.#problem(`${whole}, whose numbers are the wrong way round,`);
    return count;
  }

  #readAtom(): Node {
    const character = this.#take();
    switch (character) {
      case '(':
        return this.#readGroup();
      case '[':
        return { kind: 'character', set: this.#readSet() };
      case '.':
        return { kind: 'character', set: notLineEnd };
      case '^':
        return { kind: 'assertion', assertion: 'begin' };
      case '$':
        return { kind: 'assertion', assertion: 'end' };
      case '\\':
        return this.#readEscape();
      case '*':
      case '+':
      case '?':
        throw this.#problem(`a ${character} with nothing to repeat`);
      default:
        return this.#literal(codeOf(character));
    }
  }

  #literal(code: number): Node {
    return { kind: 'character', set: this.#fold(setOf([[code, code]])) };
  }

  #fold(set: CharacterSet): CharacterSet {
    return this.#ignoresCase ? ignoringCase(set) : set;
  }

  #readGroup(): Node {
    const ignoredCase = this.#ignoresCase;
    if (this.#takeIf('?')) {
      const isName = this.#takeIf('P<') || (this.#takeIf('<') && this.#peek() !== '=' && this.#peek() !== '!');
      if (isName) while (this.#take() !== '>');
      else if (this.#takeIf('i:')) this.#ignoresCase = true;
      else if (!this.#takeIf(':')) throw this.#problem('look-around or a flag other than i, which are not supported,');
    }
    this.#depth += 1;
    if (this.#depth > mostDepth) throw this.#problem('groups that are nested too deep');
    const node = this.#readChoice();
    if (!this.#takeIf(')')) throw this.#problem('a ( that nothing closes');
    this.#depth -= 1;
    // A flag holds to the end of its group.
    this.#ignoresCase = ignoredCase;
    return node;
  }

  #readEscape(): Node {
    const character = this.#take();
    if (character === 'b') return { kind: 'assertion', assertion: 'boundary' };
    if (character === 'B') return { kind: 'assertion', assertion: 'no-boundary' };
    if (character === 'A') return { kind: 'assertion', assertion: 'begin' };
    if (character === 'z') return { kind: 'assertion', assertion: 'end' };
    const set = letterClasses.get(character);
    if (set !== undefined) return { kind: 'character', set };
    return this.#literal(this.#readEscapedCode(character));
  }

  /** One character behind a backslash. */
  #readEscapedCode(character: string): number {
    const control = controls.get(character);
    if (control !== undefined) return control;
    if (character === 'x' || character === 'u') {
      const digits = Array.from({ length: character === 'x' ? 2 : 4 }, () => this.#take()).join('');
      if (!/^[0-9a-fA-F]+$/.test(digits)) throw this.#problem(`\\${character} without its hexadecimal digits`);
      return Number.parseInt(digits, 16);
    }
    if (/[1-9]/.test(character)) throw this.#problem('a back-reference, which is not supported,');
    if (/[a-zA-Z0]/.test(character)) throw this.#problem(`the escape \\${character}, which is not supported,`);
    return codeOf(character);
  }

  #readSet(): CharacterSet {
    const isNegated = this.#takeIf('^');
    const ranges: Range[] = [];
    for (let isFirst = true; isFirst || this.#peek() !== ']'; isFirst = false) {
      const low = this.#readSetMember();
      if (typeof low !== 'number') {
        for (const range of low) ranges.push(range);
        continue;
      }
      const follows = this.#characters[this.#position + 1];
      if (this.#peek() !== '-' || follows === ']' || follows === undefined) {
        ranges.push([low, low]);
        continue;
      }
      this.#take();
      const high = this.#readSetMember();
      if (typeof high !== 'number' || high < low) throw this.#problem('a range whose ends are no range');
      ranges.push([low, high]);
    }
    this.#take();
    const set = this.#fold(setOf(ranges));
    return isNegated ? complementOf(set) : set;
  }

  #readSetMember(): number | CharacterSet {
    const character = this.#take();
    if (character === '[' && this.#peek() === ':')
      throw this.#problem('a class such as [:alpha:], which is not supported,');
    if (character !== '\\') return codeOf(character);
    const escaped = this.#take();
    if (escaped === 'b') return 8;
    return letterClasses.get(escaped) ?? this.#readEscapedCode(escaped);
  }
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function add(program: Instruction[], instruction: Instruction): number {
  if (program.length >= mostInstructions) throw new PatternProblem('it is too large once its counts are written out');
  return program.push(instruction) - 1;
}

function emit(node: Node, program: Instruction[]): void {
  switch (node.kind) {
    case 'character':
    case 'assertion':
      add(program, node);
      return;
    case 'sequence':
      // Even nothing costs something, here and in `a{0}`: else `(){9999}` in itself would be written out for ever.
      if (node.parts.length === 0) add(program, { kind: 'jump', targets: [program.length + 1] });
      for (const part of node.parts) emit(part, program);
      return;
    case 'choice': {
      const fork = add(program, { kind: 'jump', targets: [] });
      const starts: number[] = [];
      const ends: number[] = [];
      for (const option of node.options) {
        starts.push(program.length);
        emit(option, program);
        ends.push(add(program, { kind: 'jump', targets: [] }));
      }
      program[fork] = { kind: 'jump', targets: starts };
      for (const end of ends) program[end] = { kind: 'jump', targets: [program.length] };
      return;
    }
    case 'repeat':
      emitRepeat(node, program);
  }
}

function emitRepeat({ part, least, most }: Extract<Node, { kind: 'repeat' }>, program: Instruction[]): void {
  if (most === 0) add(program, { kind: 'jump', targets: [program.length + 1] });
  for (let count = 0; count < least; count += 1) emit(part, program);
  if (most === Number.POSITIVE_INFINITY) {
    const fork = add(program, { kind: 'jump', targets: [] });
    emit(part, program);
    add(program, { kind: 'jump', targets: [fork] });
    program[fork] = { kind: 'jump', targets: [fork + 1, program.length] };
    return;
  }
  const forks: number[] = [];
  for (let count = least; count < most; count += 1) {
    forks.push(add(program, { kind: 'jump', targets: [] }));
    emit(part, program);
  }
  for (const fork of forks) program[fork] = { kind: 'jump', targets: [fork + 1, program.length] };
}

/** Follows all ways through the program at once, one character after another (Thompson's construction). */
function run(program: readonly Instruction[], text: string, work: { steps: number }): boolean {
  const codes = Array.from(text, codeOf);
  /** For each instruction the last position, counted from one, at which it was reached. */
  const reachedAt = new Uint32Array(program.length);
  /** Adds what can be reached without a character; true when that is the end of the pattern. */
  const follow = (start: number, position: number, reached: number[]): boolean => {
    const waiting = [start];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      work.steps += 1;
      if (reachedAt[at] === position + 1) continue;
      reachedAt[at] = position + 1;
      const instruction = program[at];
      if (instruction?.kind === 'match') return true;
      if (instruction?.kind === 'character') reached.push(at);
      if (instruction?.kind === 'jump') waiting.push(...instruction.targets);
      if (instruction?.kind === 'assertion' && holds(instruction.assertion, codes, position)) waiting.push(at + 1);
    }
    return false;
  };
  let current: number[] = [];
  for (let position = 0; position <= codes.length; position += 1) {
    // A match may begin anywhere.
    if (follow(0, position, current)) return true;
    const code = codes[position];
    // The work of one position is limited by the size of the program.
    if (code === undefined || work.steps > mostSteps) return false;
    const next: number[] = [];
    for (const at of current) {
      const instruction = program[at];
      if (instruction?.kind !== 'character' || !includesCode(instruction.set, code)) continue;
      if (follow(at + 1, position + 1, next)) return true;
    }
    current = next;
  }
  return false;
}

function holds(assertion: Assertion, codes: readonly number[], position: number): boolean {
  if (assertion === 'begin') return position === 0;
  if (assertion === 'end') return position === codes.length;
  const isWordAt = (index: number) => codes[index] !== undefined && isWordCode(codes[index]);
  return (isWordAt(position - 1) !== isWordAt(position)) === (assertion === 'boundary');
}
