import { readFileSync } from 'node:fs';
import { AppError } from '@patchbay/facts';
import {
  type ComponentDocument,
  type DocumentProblem,
  findContainerProblem,
  readComponentDocument,
} from '@patchbay/patching';

export class ComponentFileError extends AppError<'COMPONENT_FILE' | 'COMPONENT_OPTIONS'> {}

export type ComponentFile =
  | { readonly ok: true; readonly text: string; readonly document: ComponentDocument }
  | { readonly ok: false; readonly problems: readonly DocumentProblem[] };

/** @throws ComponentFileError COMPONENT_FILE when there is no such file */
export function readComponentFile(path: string): ComponentFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ComponentFileError('COMPONENT_FILE', `${path} cannot be read.`, { cause: error });
  }
  const reading = readComponentDocument(text);
  return reading.ok ? { ok: true, text, document: reading.document } : reading;
}

/** `FILE:LINE:COLUMN: PATH: MESSAGE`, as compilers write it, so that editors find the place. */
export function describeProblem(file: string, { line, column, path, message }: DocumentProblem): string {
  const place = line === undefined ? '' : `:${line}${column === undefined ? '' : `:${column}`}`;
  return `${file}${place}: ${path === '' ? '' : `${path}: `}${message}`;
}

/** Why the component cannot run in a root file system, null when it can. */
export function findRootProblem(document: ComponentDocument): string | null {
  return findContainerProblem(document);
}

/** `NAME=VALUE` options as a map. @throws ComponentFileError COMPONENT_OPTIONS */
export function readParameters(options: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    options.map((option) => {
      const at = option.indexOf('=');
      if (at > 0) return [option.slice(0, at), option.slice(at + 1)] as const;
      throw new ComponentFileError('COMPONENT_OPTIONS', '--parameter takes NAME=VALUE.');
    }),
  );
}

/** The phases that `--phase build,test` names, all without. @throws ComponentFileError COMPONENT_OPTIONS */
export function choosePhases({ phases }: ComponentDocument, option: string | undefined): readonly string[] {
  const known = phases.map(({ name }) => name);
  if (option === undefined) return known;
  const chosen = option.split(',').map((name) => name.trim());
  const unknown = chosen.filter((name) => !known.includes(name));
  if (unknown.length === 0) return chosen;
  throw new ComponentFileError(
    'COMPONENT_OPTIONS',
    `The component has no phase ${unknown.join(', ')}; it has ${known.join(', ')}.`,
  );
}
