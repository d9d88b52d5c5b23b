import { DockerfileError, type DockerfileProblem, InstructionProblem } from './dockerfile-error.ts';
import type { DockerfileCommand, DockerfileStep, NamedWord, WrittenSetting } from './dockerfile-step.ts';
import { type InstructionText, placeOf, readInstructionTexts } from './instruction-text.ts';
import { readWord, splitWords, type Word } from './words.ts';

/** The template of a recipe that gives none. */
export const defaultDockerfileTemplate = `FROM {{{ imagebuilder:parentImage }}}
{{{ imagebuilder:environments }}}
{{{ imagebuilder:components }}}
`;

const PARENT_IMAGE = /^\{\{\{[ \t]*imagebuilder:parentImage[ \t]*\}\}\}(?:[ \t]+as[ \t]+[A-Za-z0-9._-]+)?$/i;
const VARIABLE = /^\{\{\{[ \t]*([^{}]*?)[ \t]*\}\}\}$/;
const known = '{{{ imagebuilder:parentImage }}}, {{{ imagebuilder:environments }}} and {{{ imagebuilder:components }}}';

/** Why there is nothing that an instruction of Docker could do here. */
const refused: ReadonlyMap<string, string> = new Map([
  ['COPY', 'COPY has nothing to copy from: a build has no context. Fetch files in a component or with RUN'],
  ['ADD', 'ADD has nothing to add from: a build has no context. Fetch files in a component or with RUN'],
  ['HEALTHCHECK', 'HEALTHCHECK is not part of OCI images'],
  ['ONBUILD', 'ONBUILD is not part of OCI images'],
  ['MAINTAINER', 'MAINTAINER is not part of OCI images: use LABEL org.opencontainers.image.authors=…'],
]);

/**
 * Reads a Dockerfile template (Image Builder user guide, "Create a container recipe"; Dockerfile reference). Throws
 * DockerfileError with every mistake.
 */
export function readDockerfileTemplate(template: string): DockerfileStep[] {
  const { escape, instructions, problems: found } = readInstructionTexts(template);
  const problems: DockerfileProblem[] = [...found];
  const steps: DockerfileStep[] = [];
  let hasFrom = false;
  for (const instruction of instructions) {
    const { line, column, keyword } = instruction;
    try {
      if (keyword === 'FROM') {
        if (hasFrom) throw new InstructionProblem('there can be one FROM only: the image is built in one stage');
        hasFrom = true;
        checkFrom(instruction);
        continue;
      }
      const read = readInstruction(instruction, escape, !hasFrom);
      if (!hasFrom && keyword !== 'ARG') throw new InstructionProblem('FROM must come first');
      steps.push(...read.map((step) => ({ line, column, ...step })));
    } catch (error) {
      if (!(error instanceof InstructionProblem)) throw error;
      problems.push({ ...placeIn(instruction, error.offset), message: error.message });
    }
  }
  for (const kind of ['components', 'environments'] as const) {
    for (const { line, column } of steps.filter((step) => step.kind === kind).slice(1)) {
      problems.push({ line, column, message: `{{{ imagebuilder:${kind} }}} can stand there once only` });
    }
  }
  if (!hasFrom && problems.length === 0) {
    problems.push({ line: 1, column: 1, message: 'there is no FROM {{{ imagebuilder:parentImage }}}' });
  }
  if (problems.length > 0) throw new DockerfileError(problems);
  return steps;
}

/** Why a template cannot be that of a recipe with components, null when it can. */
export function findComponentsProblem(steps: readonly DockerfileStep[]): string | null {
  const missing = (['environments', 'components'] as const).filter((kind) => !steps.some((step) => step.kind === kind));
  if (missing.length === 0) return null;
  const texts = missing.map((kind) => `{{{ imagebuilder:${kind} }}}`);
  return `the recipe has components, and the template does not say where they run: it needs ${texts.join(' and ')}`;
}

function placeIn({ line, column, written }: InstructionText, offset: number) {
  const within = placeOf(written, offset);
  const isFirst = within.line === 1;
  return { line: line + within.line - 1, column: isFirst ? column + within.column - 1 : within.column };
}

function checkFrom({ rest }: InstructionText): void {
  if (PARENT_IMAGE.test(rest)) return;
  throw new InstructionProblem(
    rest.startsWith('--')
      ? 'FROM takes no options here'
      : 'FROM must be followed by {{{ imagebuilder:parentImage }}}: the recipe says what the parent image is',
  );
}

type StepBody = DockerfileStep extends infer Step
  ? Step extends DockerfileStep
    ? Omit<Step, 'line' | 'column'>
    : never
  : never;

function readInstruction(instruction: InstructionText, escape: string, isBeforeFrom: boolean): StepBody[] {
  const { keyword, rest, written } = instruction;
  if (keyword === '') return [{ kind: readVariable(rest) }];
  const variable = written.indexOf('{{{');
  if (variable !== -1) {
    throw new InstructionProblem(
      `{{{ … }}} can stand only after FROM and on a line of its own; known are ${known}`,
      variable,
    );
  }
  const reason = refused.get(keyword);
  if (reason !== undefined) throw new InstructionProblem(reason);
  if (rest === '') throw new InstructionProblem(`${keyword} without what it is about`);
  if (/^--\S/.test(rest)) throw new InstructionProblem(`${keyword} takes no options here`);
  if (keyword === 'ARG') return readArguments(rest, escape, isBeforeFrom);
  if (keyword === 'RUN') return [{ kind: 'run', command: readRun(rest) }];
  return [{ kind: 'configure', setting: readSetting(keyword, rest, escape) }];
}

function readVariable(rest: string): 'components' | 'environments' {
  const [, name] = VARIABLE.exec(rest) ?? [];
  if (name === 'imagebuilder:components') return 'components';
  if (name === 'imagebuilder:environments') return 'environments';
  if (name === 'imagebuilder:parentImage') {
    throw new InstructionProblem('{{{ imagebuilder:parentImage }}} can stand only after FROM');
  }
  if (name === undefined) throw new InstructionProblem('{{{ … }}} must stand on a line of its own');
  throw new InstructionProblem(`there is no variable ${JSON.stringify(name)}; known are ${known}`);
}

function readArguments(rest: string, escape: string, isBeforeFrom: boolean): StepBody[] {
  return splitWords(rest, escape).map((word): StepBody => {
    const [, name = '', value] = /^([^=]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new InstructionProblem(`ARG needs a name of letters, digits and _, found ${JSON.stringify(name)}`);
    }
    return { kind: 'argument', name, value: value === undefined ? null : readWord(value, escape), isBeforeFrom };
  });
}

function readRun(rest: string): DockerfileCommand {
  const command = readCommand('RUN', rest);
  if (command.form === 'exec' && command.argv.length === 0) throw new InstructionProblem('RUN without a command');
  if (command.form === 'shell' && /(?:^|[\s;&|(])\d*<<-?["']?[A-Za-z_]/.test(command.text)) {
    throw new InstructionProblem('here-documents (<<) are not offered: join commands by &&, or write a component');
  }
  return command;
}

/** A list of texts in JSON; null for what is none, which a shell may understand. */
function readList(keyword: string, rest: string): readonly string[] | null {
  if (!rest.startsWith('[')) return null;
  let value: unknown;
  try {
    value = JSON.parse(rest);
  } catch {
    return null;
  }
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  throw new InstructionProblem(`${keyword} takes a list of texts in double quotes`);
}

function readCommand(keyword: string, rest: string): DockerfileCommand {
  const argv = readList(keyword, rest);
  return argv === null ? { form: 'shell', text: rest } : { form: 'exec', argv };
}

function readSetting(keyword: string, rest: string, escape: string): WrittenSetting {
  const words = (text: string) => splitWords(text, escape).map((word) => readWord(word, escape));
  switch (keyword) {
    case 'ENV':
      return { name: 'environment', variables: readNamedWords(keyword, rest, escape) };
    case 'LABEL':
      return { name: 'labels', labels: readNamedWords(keyword, rest, escape) };
    case 'USER':
      return { name: 'user', user: readWord(rest, escape) };
    case 'WORKDIR':
      return { name: 'working-directory', path: readWord(rest, escape) };
    case 'EXPOSE':
      return { name: 'exposed-ports', ports: words(rest) };
    case 'VOLUME':
      return {
        name: 'volumes',
        paths: readList(keyword, rest)?.map((path): Word => readWord(path, escape)) ?? words(rest),
      };
    case 'STOPSIGNAL':
      return { name: 'stop-signal', signal: readWord(rest, escape) };
    case 'SHELL': {
      const argv = readList(keyword, rest);
      if (argv === null || argv.length === 0) {
        throw new InstructionProblem('SHELL takes a list: SHELL ["/bin/bash", "-c"]');
      }
      return { name: 'shell', argv };
    }
    case 'CMD':
      return { name: 'command', command: readCommand(keyword, rest) };
    case 'ENTRYPOINT':
      return { name: 'entrypoint', command: readCommand(keyword, rest) };
    default:
      throw new InstructionProblem(`there is no instruction ${JSON.stringify(keyword.slice(0, 40))}`);
  }
}

/** `NAME=value …`, or for one of them `NAME value` with a value up to the end of the line. */
function readNamedWords(keyword: string, rest: string, escape: string): NamedWord[] {
  const words = splitWords(rest, escape);
  if (words[0]?.includes('=') === false) {
    const [, name = '', value] = /^(\S+)\s+([\s\S]+)$/.exec(rest) ?? [];
    if (value === undefined) throw new InstructionProblem(`${keyword} needs a value: ${keyword} NAME=value`);
    return [{ name: readWord(name, escape), value: readWord(value, escape) }];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals === -1) throw new InstructionProblem(`${keyword} needs NAME=value, found ${JSON.stringify(word)}`);
    const [name, value] = [word.slice(0, equals), word.slice(equals + 1)];
    if (name === '') throw new InstructionProblem(`${keyword} needs a name before =`);
    return { name: readWord(name, escape), value: readWord(value, escape) };
  });
}
