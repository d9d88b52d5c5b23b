import type { ActionName, ActionOutcome, ComponentAction } from '@patchbay/patching';
import { ActionEnd, failed } from './action-end.ts';
import { fileScript } from './file-script.ts';
import { type ActionStage, lendFile, runProgram } from './run-program.ts';
import { decodeText, encodeText } from './text-encoding.ts';

/** What ReadFile and SetFileEncoding take: AWS reads a file whole too, and names no limit. */
export const mostFileBytes: number = 3 * 1024 * 1024;
/** Names that ListFiles answers with. */
const mostListBytes = 4 * 1024 * 1024;

const fileActions = [
  'AppendFile',
  'CopyFile',
  'CopyFolder',
  'CreateFile',
  'CreateFolder',
  'CreateSymlink',
  'DeleteFile',
  'DeleteFolder',
  'ListFiles',
  'MoveFile',
  'MoveFolder',
  'ReadFile',
  'SetFileEncoding',
  'SetFileOwner',
  'SetFilePermissions',
  'SetFolderOwner',
  'SetFolderPermissions',
] as const satisfies readonly ActionName[];

export type FileAction = Extract<ComponentAction, { readonly name: (typeof fileActions)[number] }>;
type Entry<Name extends FileAction['name']> = Extract<FileAction, { readonly name: Name }>['inputs'][number];

export function isFileAction(action: ComponentAction): action is FileAction {
  return fileActions.some((name) => name === action.name);
}

/** Runs an action on files, one entry of its inputs after the other; the first that fails ends it. */
export async function runFileAction(stage: ActionStage, action: FileAction): Promise<ActionOutcome> {
  return await forEachEntry(stepsOf(stage, action));
}

/** The outputs of entries, one after the other. A failure says which it was, where there are several. */
export async function forEachEntry(
  entries: readonly (() => Promise<Readonly<Record<string, string>>>)[],
): Promise<ActionOutcome> {
  const outputs: Readonly<Record<string, string>>[] = [];
  for (const [index, run] of entries.entries()) {
    try {
      outputs.push(await run());
    } catch (error) {
      if (!(error instanceof ActionEnd) || error.outcome.kind !== 'failed' || entries.length === 1) throw error;
      throw failed(`inputs[${index}]: ${error.outcome.message}`);
    }
  }
  return { kind: 'succeeded', outputs };
}

type Step = () => Promise<Readonly<Record<string, string>>>;

function stepsOf(stage: ActionStage, action: FileAction): Step[] {
  const file = (path: string) => absoluteFile(stage, path);
  const folder = (path: string) => absoluteFolder(stage, path);
  const run =
    (...words: readonly string[]): Step =>
    async () => {
      await runFileScript(stage, [action.name, ...words]);
      return {};
    };
  switch (action.name) {
    case 'CreateFile':
      return action.inputs.map((entry) => async () => {
        const { path, overwrite, owner = '', group = '', permissions = '' } = entry;
        const words = [String(overwrite), owner, group, permissions];
        await lendFile(stage.machine, 'content', encodeText(entry.content, entry.encoding), (content) =>
          runFileScript(stage, ['CreateFile', file(path), content, ...words]),
        );
        return {};
      });
    case 'AppendFile':
      return action.inputs.map(({ path, content, encoding }) => async () => {
        await lendFile(stage.machine, 'content', encodeText(content, encoding), (bytes) =>
          runFileScript(stage, ['AppendFile', file(path), bytes]),
        );
        return {};
      });
    case 'CreateFolder':
      return action.inputs.map(({ path, overwrite, owner = '', group = '', permissions = '' }) =>
        run(folder(path), String(overwrite), owner, group, permissions),
      );
    case 'CopyFile':
    case 'MoveFile':
    case 'CopyFolder':
    case 'MoveFolder':
      return action.inputs.map((entry) => copyStep(stage, action.name, entry));
    case 'DeleteFile':
      return action.inputs.map(({ path }) => run(file(path), patternOf(path)));
    case 'DeleteFolder':
      return action.inputs.map(({ path, force }) => run(folder(path), String(force)));
    case 'CreateSymlink':
      return action.inputs.map(({ path, target, force }) => run(file(path), target, String(force)));
    case 'ListFiles':
      return action.inputs.map((entry) => () => listFiles(stage, entry));
    case 'ReadFile':
      return action.inputs.map((entry) => () => readText(stage, entry));
    case 'SetFileEncoding':
      return action.inputs.map((entry) => () => setEncoding(stage, entry));
    case 'SetFileOwner':
      return action.inputs.map(({ path, owner, group = '' }) => run(file(path), owner, group));
    case 'SetFolderOwner':
      return action.inputs.map(({ path, owner, group = '', recursive }) =>
        run(folder(path), owner, group, String(recursive)),
      );
    case 'SetFilePermissions':
      return action.inputs.map(({ path, permissions }) => run(file(path), permissions));
    case 'SetFolderPermissions':
      return action.inputs.map(({ path, permissions, recursive }) => run(folder(path), permissions, String(recursive)));
  }
}

function copyStep(stage: ActionStage, action: string, { source, destination, overwrite }: Entry<'CopyFile'>): Step {
  return async () => {
    const pattern = patternOf(source);
    if (pattern !== '' && !destination.endsWith('/')) {
      throw failed(`the destination ${destination} must end in /, for the source has a wildcard`);
    }
    // The trailing / says that the destination is a folder.
    const target = `${absoluteFolder(stage, destination)}${destination.endsWith('/') ? '/' : ''}`;
    await runFileScript(stage, [action, absoluteFolder(stage, source), pattern, target, String(overwrite)]);
    return {};
  };
}

async function listFiles(stage: ActionStage, entry: Entry<'ListFiles'>): Promise<Record<string, string>> {
  const { path, recursive, fileNamePattern = '*' } = entry;
  // Only * is a wildcard: what else find would take for one is meant as it is.
  const pattern = fileNamePattern.replaceAll(/[\\?[\]]/g, String.raw`\$&`);
  const words = ['ListFiles', absoluteFolder(stage, path), String(recursive), pattern];
  const { stdout, isTruncated } = await runFileScript(stage, words, mostListBytes);
  if (isTruncated) throw failed(`the names of the files come to more than ${mostListBytes} bytes`);
  const files = stdout.split('\0').slice(0, -1).toSorted();
  return { files: files.join(',') };
}

async function readText(stage: ActionStage, entry: Entry<'ReadFile'>): Promise<Record<string, string>> {
  const { path, encoding, printFileContent } = entry;
  const content = decodeText(await readBytes(stage, absoluteFile(stage, path)), encoding);
  if (content === null) throw failed(`${path} is no text in ${encoding}`);
  if (printFileContent) for (const line of content.split('\n')) stage.say('info', line);
  return { content };
}

async function setEncoding(stage: ActionStage, entry: Entry<'SetFileEncoding'>): Promise<Record<string, string>> {
  const path = absoluteFile(stage, entry.path);
  const text = decodeText(await readBytes(stage, path), 'utf8');
  if (text === null) throw failed(`${path} is no text in utf8, from which it would be converted`);
  await lendFile(stage.machine, 'content', encodeText(text, entry.encoding), (content) =>
    runFileScript(stage, ['ReplaceContent', path, content]),
  );
  return {};
}

/** @throws ActionEnd when there is no such file, or it is too large */
export async function readBytes(stage: ActionStage, path: string): Promise<Buffer> {
  const { stdout } = await runFileScript(stage, ['ReadFile', path, String(mostFileBytes + 1)], 2 * mostFileBytes);
  const bytes = Buffer.from(stdout, 'base64');
  if (bytes.length > mostFileBytes) throw failed(`${path} has more than ${mostFileBytes} bytes`);
  return bytes;
}

/** Runs the script inside. @throws ActionEnd with what it says when it fails */
export async function runFileScript(stage: ActionStage, words: readonly string[], outputLimitBytes = 64 * 1024) {
  const argv = ['/bin/sh', '-c', fileScript, 'sh', ...words] as const;
  const output = await runProgram(stage, { argv, isLogged: false, outputLimitBytes });
  if (output.exitCode === 0) return output;
  const reason = output.stderr.trim().split('\n').slice(0, 3).join('; ');
  throw failed(reason || `ended with exit code ${output.exitCode}`);
}

/** Relative paths are below the working directory. */
function absolute({ workingDirectory }: ActionStage, path: string): string {
  return path.startsWith('/') ? path : `${workingDirectory.replace(/\/+$/, '')}/${path}`;
}

export function absoluteFile(stage: ActionStage, path: string): string {
  if (path.endsWith('/')) throw failed(`${path} names a folder, not a file`);
  return absolute(stage, path);
}

/** Without the / at its end, by which folders may be written. */
function absoluteFolder(stage: ActionStage, path: string): string {
  return absolute(stage, path).replace(/\/+$/, '') || '/';
}

/** The last part of a path with wildcards as `case` of a shell takes it: only * is one. Empty for a path without. */
function patternOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!name.includes('*')) return '';
  if (name.includes('\\')) throw failed(`a path with a wildcard cannot have a backslash: ${path}`);
  return name.replaceAll(/[?[]/g, '[$&]');
}
