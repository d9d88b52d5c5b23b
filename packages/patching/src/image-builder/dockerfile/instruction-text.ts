import { DockerfileParser } from 'dockerfile-ast';
import { DockerfileError, type DockerfileProblem } from './dockerfile-error.ts';

/** An instruction with its lines joined, comments between them left out. */
export interface InstructionText {
  readonly line: number;
  readonly column: number;
  /** In capitals; empty where a `{{{ … }}}` stands on its own. */
  readonly keyword: string;
  /** All after the keyword, without spaces at its ends; the whole where there is no keyword. */
  readonly rest: string;
  /** What the template says for this instruction, from its place on. */
  readonly written: string;
}

export interface DockerfileText {
  readonly escape: string;
  readonly instructions: readonly InstructionText[];
  readonly problems: readonly DockerfileProblem[];
}

/** Far above the model's 16,000; reading takes longer than the text is long. */
const mostCharacters = 64 * 1024;

const wholeText = (message: string) => new DockerfileError([{ line: 1, column: 1, message }]);

/** The instructions of a Dockerfile, comments and parser directives left out. Throws DockerfileError. */
export function readInstructionTexts(template: string): DockerfileText {
  const text = template.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  if (text.length > mostCharacters) throw wholeText(`the template has more than ${mostCharacters} characters`);
  const problems: DockerfileProblem[] = [];
  const stray = /[\r\0]/.exec(text);
  if (stray) throw new DockerfileError([{ ...placeOf(text, stray.index), message: strayCharacter }]);
  const dockerfile = DockerfileParser.parse(text);
  const escape = dockerfile.getEscapeCharacter();
  for (const directive of dockerfile.getDirectives()) {
    const isKnownEscape = ['\\', '`'].includes(directive.getValue());
    if (directive.getName().toLowerCase() !== 'escape' || isKnownEscape) continue;
    const { line, character } = directive.getRange().start;
    problems.push({ line: line + 1, column: character + 1, message: 'the escape character must be \\ or `' });
  }
  const lines = text.split('\n');
  const offsets = lineOffsets(lines);
  const offsetAt = ({ line, character }: { line: number; character: number }) => (offsets[line] ?? 0) + character;
  const instructions = dockerfile.getInstructions().flatMap((instruction): InstructionText[] => {
    const { start, end } = instruction.getRange();
    const place = { line: start.line + 1, column: start.character + 1 };
    const written = text.slice(offsetAt(start), offsetAt(end));
    if (written.startsWith('{{{')) return [{ ...place, keyword: '', rest: written.trim(), written }];
    const keyword = instruction.getInstruction();
    const joined = joinLines(written, escape);
    if (!joined.ok || !joined.text.startsWith(keyword)) {
      problems.push({ ...place, message: joined.ok ? 'the keyword must stand on one line' : joined.message });
      return [];
    }
    const rest = joined.text.slice(keyword.length).trim();
    return [{ ...place, keyword: keyword.toUpperCase(), rest, written }];
  });
  return { escape, instructions, problems };
}

const strayCharacter = 'a character that ends no line and is no text: write the template with plain line ends';

function lineOffsets(lines: readonly string[]): number[] {
  const offsets: number[] = [];
  let offset = 0;
  for (const line of lines) {
    offsets.push(offset);
    offset += line.length + 1;
  }
  return offsets;
}

/** Where an offset in a text is. */
export function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

type Joined = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };

/**
 * One line out of those that end in the escape character (Dockerfile reference, "escape"); comments and empty lines between
 * them do not count. Where the parser and this rule do not agree on where an instruction ends, nothing is guessed.
 */
function joinLines(written: string, escape: string): Joined {
  let joined = '';
  let continues = true;
  for (const [index, line] of written.split('\n').entries()) {
    const isSkipped = index > 0 && (line.trim() === '' || line.trimStart().startsWith('#'));
    if (isSkipped && continues) continue;
    if (!continues) {
      const isHereDocument = written.includes('<<');
      const reason = isHereDocument
        ? 'here-documents (<<) are not offered: join commands by &&, or write a component'
        : `it cannot be said where this ends: check the lines that end in ${escape}`;
      return { ok: false, message: reason };
    }
    const bare = line.replace(/[ \t]+$/, '');
    continues = bare.endsWith(escape) && !bare.endsWith(escape + escape);
    joined += continues ? bare.slice(0, -1) : line;
  }
  if (continues) return { ok: false, message: `it ends in ${escape}, and nothing follows` };
  return { ok: true, text: joined };
}
