import { z } from 'zod';
import { CommandDocument } from './command-document.ts';
import { type DocumentProblem, writePath } from './document-problem.ts';
import { type DocumentFormat, type Path, readDocumentSource } from './document-source.ts';
import { convertOldSchema } from './old-schema.ts';
import { findInputProblems, findUnknownMembers } from './plugin-inputs.ts';

export type DocumentReading =
  | {
      readonly ok: true;
      /** As agents get it: of schema 2.2, whatever it was written in. */
      readonly document: CommandDocument;
      /** What the text says. */
      readonly schemaVersion: string;
      readonly value: unknown;
    }
  | { readonly ok: false; readonly problems: readonly DocumentProblem[] };

export { type DocumentProblem, describeDocumentProblem } from './document-problem.ts';
export type { DocumentFormat };

/** YAML reads an unquoted 2.2 as a number. */
const numericVersions = new Map([
  [1.2, '1.2'],
  [2, '2.0'],
  [2.2, '2.2'],
]);

/** Reads and checks the text of a command document of schema 1.2, 2.0 or 2.2. */
export function readDocumentText(text: string, format: DocumentFormat): DocumentReading {
  const source = readDocumentSource(text, format);
  if (!source.ok) {
    const { place, message } = source;
    return {
      ok: false,
      problems: [{ kind: 'content', path: '', line: place?.line, column: place?.column, message }],
    };
  }
  const { value, placeOf } = source;
  const problem = (kind: DocumentProblem['kind'], path: Path, message: string): DocumentProblem => {
    const place = placeOf(path);
    return { kind, path: writePath(path), line: place?.line, column: place?.column, message };
  };
  const head = z.looseObject({ schemaVersion: z.union([z.string(), z.number()]).optional() }).safeParse(value);
  if (!head.success)
    return { ok: false, problems: [problem('content', [], 'expected a map with schemaVersion and mainSteps')] };
  const { schemaVersion: given } = head.data;
  const schemaVersion = typeof given === 'number' ? numericVersions.get(given) : given;
  if (schemaVersion === undefined || !['1.2', '2.0', '2.2'].includes(schemaVersion)) {
    const was = given === undefined ? 'nothing' : JSON.stringify(given);
    const message = `expected "2.2" (or "2.0" or "1.2") for a Command document, found ${was}`;
    return { ok: false, problems: [problem('schema-version', ['schemaVersion'], message)] };
  }
  const isOld = schemaVersion === '1.2';
  const converted = isOld ? convertOldSchema(value) : ({ ok: true, value, originOf: (path: Path) => path } as const);
  const refuse = (problems: readonly { readonly path: Path; readonly message: string }[]): DocumentReading => ({
    ok: false,
    problems: problems.map(({ path, message }) => problem('content', path, lowerFirst(message))),
  });
  if (!converted.ok) return refuse(converted.problems);
  const document = CommandDocument.safeParse({ ...(converted.value as object), schemaVersion: '2.2' });
  const problems = [
    ...(isOld ? [] : findUnknownMembers(value)),
    ...(document.success ? findInputProblems(document.data) : document.error.issues),
  ];
  if (!document.success || problems.length > 0) {
    return refuse(problems.map(({ path, message }) => ({ path: converted.originOf(path), message })));
  }
  return { ok: true, document: document.data, schemaVersion, value };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
