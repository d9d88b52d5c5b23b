import type { Path } from './document-source.ts';

/** What is wrong with the text of a document, and where. */
export interface DocumentProblem {
  readonly kind: 'content' | 'schema-version';
  /** `mainSteps[1].inputs.runCommand`; empty for the whole. */
  readonly path: string;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly message: string;
}

/** A problem as one sentence with its place. */
export function describeDocumentProblem({ path, line, column, message }: DocumentProblem): string {
  const where = [
    ...(path === '' ? [] : [path]),
    ...(line === undefined ? [] : [`line ${line}${column === undefined ? '' : `, column ${column}`}`]),
  ];
  return where.length === 0 ? message : `${where[0]}${where[1] === undefined ? '' : ` (${where[1]})`}: ${message}`;
}

/** A path as messages write it. */
export function writePath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}
