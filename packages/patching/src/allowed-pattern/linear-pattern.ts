/**
 * A regular expression of `allowedPattern` that matches in linear time, so that no pattern and no value can keep the control
 * plane or an agent busy: an automaton without backtracking. It takes what both of AWS's checkers take (Java at the
 * API, Go's RE2 in the agent): no look-around, no back-references.
 */
export interface LinearPattern {
  /**
   * Whether the pattern is found in the text; `^` and `$` bind it to the ends. A large pattern over a long text is given up
   * after a quarter of a second's work and counts as not found: what could not be checked is not allowed.
   */
  test(text: string): boolean;
}

export type CompiledPattern =
  | { readonly ok: true; readonly pattern: LinearPattern }
  | { readonly ok: false; readonly problem: string };

type CharacterTest = (codePoint: number) => boolean;
type Node =
  | { readonly kind: 'character'; readonly matches: CharacterTest }
  | { readonly kind: 'assertion'; readonly assertion: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly least: number; readonly most: number };
type Assertion = 'begin' | 'end' | 'boundary' | 'no-boundary';

type Instruction =
  | { readonly kind: 'character'; readonly matches: CharacterTest }
  | { readonly kind: 'assertion'; readonly assertion: Assertion }
  | { readonly kind: 'jump'; readonly targets: readonly number[] }
  | { readonly kind: 'match' };

const mostInstructions = 10_000;
/** Positions of the pattern that are looked at, over all of a text. */
const mostSteps = 5_000_000;
const mostDepth = 100;

class PatternProblem extends Error {}

/** Reads a pattern; a sentence says what is wrong with one that cannot be used. */
export function compilePattern(source: string): CompiledPattern {
  try {
    const program: Instruction[] = [];
    emit(new PatternReader(source).read(), program);
    program.push({ kind: 'match' });
    return { ok: true, pattern: { test: (text) => run(program, text) } };
  } catch (error) {
    if (!(error instanceof PatternProblem)) throw error;
    return { ok: false, problem: `Expected a regular expression: ${error.message}` };
  }
}

const isDigit: CharacterTest = (code) => code >= 48 && code <= 57;
const isWord: CharacterTest = (code) =>
  isDigit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95;
const spaces = new Set([9, 10, 11, 12, 13, 32]);
const isSpace: CharacterTest = (code) => spaces.has(code);
const isLineEnd: CharacterTest = (code) => code === 10 || code === 13;
const not =
  (test: CharacterTest): CharacterTest =>
  (code) =>
    !test(code);

const classes = new Map<string, CharacterTest>([
  ['d', isDigit],
  ['D', not(isDigit)],
  ['w', isWord],
  ['W', not(isWord)],
  ['s', isSpace],
  ['S', not(isSpace)],
]);
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
      parts.push(this.#readRepeated());
    }
    return { kind: 'sequence', parts };
  }

  #readRepeated(): Node {
    let part = this.#readAtom();
    for (;;) {
      const count = this.#readCount();
      if (count === null) return part;
      if (part.kind === 'assertion') throw this.#problem('nothing to repeat');
      part = { kind: 'repeat', part, ...count };
      // Lazy or not changes what is found, not whether.
      if (this.#takeIf('?')) continue;
      if (this.#peek() === '+') throw this.#problem('a possessive quantifier, which Go does not know,');
    }
  }

  #readCount(): { least: number; most: number } | null {
    if (this.#takeIf('*')) return { least: 0, most: Number.POSITIVE_INFINITY };
    if (this.#takeIf('+')) return { least: 1, most: Number.POSITIVE_INFINITY };
    if (this.#takeIf('?')) return { least: 0, most: 1 };
    const braces = /^\{(\d{1,5})(?:(,)(\d{0,5}))?\}/.exec(
      this.#characters.slice(this.#position, this.#position + 14).join(''),
    );
    if (braces === null) return null;
    const [whole, least = '', comma, most = ''] = braces;
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
        return { kind: 'character', matches: this.#readSet() };
      case '.':
        return { kind: 'character', matches: not(isLineEnd) };
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
        return literal(character);
    }
  }

  #readGroup(): Node {
    if (this.#takeIf('?')) {
      const isName = this.#takeIf('P<') || (this.#takeIf('<') && this.#peek() !== '=' && this.#peek() !== '!');
      if (isName) while (this.#take() !== '>');
      else if (!this.#takeIf(':')) throw this.#problem('look-around or flags, which are not supported,');
    }
    this.#depth += 1;
    if (this.#depth > mostDepth) throw this.#problem('groups that are nested too deep');
    const node = this.#readChoice();
    if (!this.#takeIf(')')) throw this.#problem('a ( that nothing closes');
    this.#depth -= 1;
    return node;
  }

  #readEscape(): Node {
    const character = this.#take();
    if (character === 'b') return { kind: 'assertion', assertion: 'boundary' };
    if (character === 'B') return { kind: 'assertion', assertion: 'no-boundary' };
    if (character === 'A') return { kind: 'assertion', assertion: 'begin' };
    if (character === 'z') return { kind: 'assertion', assertion: 'end' };
    const matches = classes.get(character);
    if (matches !== undefined) return { kind: 'character', matches };
    const code = this.#readEscapedCode(character);
    return { kind: 'character', matches: (each) => each === code };
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

  #readSet(): CharacterTest {
    const isNegated = this.#takeIf('^');
    const tests: CharacterTest[] = [];
    for (let isFirst = true; isFirst || this.#peek() !== ']'; isFirst = false) {
      const low = this.#readSetMember();
      if (typeof low === 'function') {
        tests.push(low);
        continue;
      }
      const follows = this.#characters[this.#position + 1];
      if (this.#peek() !== '-' || follows === ']' || follows === undefined) {
        tests.push((code) => code === low);
        continue;
      }
      this.#take();
      const high = this.#readSetMember();
      if (typeof high === 'function' || high < low) throw this.#problem('a range whose ends are no range');
      tests.push((code) => code >= low && code <= high);
    }
    this.#take();
    const isIn: CharacterTest = (code) => tests.some((test) => test(code));
    return isNegated ? not(isIn) : isIn;
  }

  #readSetMember(): number | CharacterTest {
    const character = this.#take();
    if (character === '[' && this.#peek() === ':')
      throw this.#problem('a class such as [:alpha:], which is not supported,');
    if (character !== '\\') return codeOf(character);
    const escaped = this.#take();
    if (escaped === 'b') return 8;
    return classes.get(escaped) ?? this.#readEscapedCode(escaped);
  }
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

function literal(character: string): Node {
  const code = codeOf(character);
  return { kind: 'character', matches: (each) => each === code };
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
      // Even nothing costs something: else `(){99999}` in itself would be written out for ever.
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
function run(program: readonly Instruction[], text: string): boolean {
  const codes = Array.from(text, codeOf);
  /** For each instruction the last position, counted from one, at which it was reached. */
  const reachedAt = new Uint32Array(program.length);
  let current: number[] = [];
  let steps = 0;
  for (let position = 0; position <= codes.length; position += 1) {
    // A match may begin anywhere.
    if (follow(program, 0, codes, position, reachedAt, current)) return true;
    const code = codes[position];
    if (code === undefined) return false;
    const next: number[] = [];
    steps += current.length;
    if (steps > mostSteps) return false;
    for (const at of current) {
      const instruction = program[at];
      if (instruction?.kind !== 'character' || !instruction.matches(code)) continue;
      if (follow(program, at + 1, codes, position + 1, reachedAt, next)) return true;
    }
    current = next;
  }
  return false;
}

/** Adds what can be reached without a character; true when that is the end of the pattern. */
function follow(
  program: readonly Instruction[],
  start: number,
  codes: readonly number[],
  position: number,
  reachedAt: Uint32Array,
  reached: number[],
): boolean {
  const waiting = [start];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (reachedAt[at] === position + 1) continue;
    reachedAt[at] = position + 1;
    const instruction = program[at];
    if (instruction?.kind === 'match') return true;
    if (instruction?.kind === 'character') reached.push(at);
    if (instruction?.kind === 'jump') waiting.push(...instruction.targets);
    if (instruction?.kind === 'assertion' && holds(instruction.assertion, codes, position)) waiting.push(at + 1);
  }
  return false;
}

function holds(assertion: Assertion, codes: readonly number[], position: number): boolean {
  if (assertion === 'begin') return position === 0;
  if (assertion === 'end') return position === codes.length;
  const isWordAt = (index: number) => codes[index] !== undefined && isWord(codes[index]);
  return (isWordAt(position - 1) !== isWordAt(position)) === (assertion === 'boundary');
}
