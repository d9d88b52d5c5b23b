import { z } from 'zod';
import { writePath } from '../../documents/document-problem.ts';
import { hasReference } from './references.ts';

const encodings = ['utf8', 'utf16', 'utf16-LE', 'utf16-BE', 'utf32', 'utf32-LE', 'utf32-BE'] as const;
export type FileEncoding = (typeof encodings)[number];
const algorithms = ['MD5', 'SHA1', 'SHA256', 'SHA512'] as const;

/** What an action answers with and needs beside its inputs. */
interface ActionTraits {
  /** The names of the outputs that other steps may refer to. */
  readonly outputs: readonly string[];
  /** Whether the inputs are a list of maps, one for each file. */
  readonly takesList: boolean;
}

/** The guide: in any case, and with or without `-` after utf. */
function findEncoding(text: string): FileEncoding | undefined {
  const plain = text.toLowerCase().replace(/^utf-/, 'utf');
  return encodings.find((each) => each.toLowerCase() === plain);
}

function expecting(what: string) {
  return {
    error: ({ input }: { readonly input?: unknown }) =>
      input === undefined ? `missing: expected ${what}` : `expected ${what}`,
  };
}

/**
 * The inputs of every action (user guide, "Action modules supported by AWSTOE"). Every leaf comes as a text. Before references
 * have their values (`isWritten`), what must have a form may be a text with a reference; the results then mean nothing.
 */
function makeInputSchemas(isWritten: boolean) {
  const isOpen = (text: string) => isWritten && hasReference(text);
  const formed = (what: string, holds: (text: string) => boolean) =>
    z.string(expecting(what)).refine((text) => isOpen(text) || holds(text), { error: `expected ${what}` });
  const text = z.string(expecting('a text'));
  const named = (what: string) => formed(what, (value) => value !== '');
  const path = named('a path');
  const oneOf = <Value extends string>(values: readonly Value[]) => {
    const what = `${values.slice(0, -1).join(', ')} or ${values.at(-1) ?? ''}`;
    return formed(what, (value) => values.some((each) => each === value)).transform((value) => value as Value);
  };
  const flag = (standard: boolean) =>
    formed('true or false', (value) => /^(?:true|false)$/i.test(value))
      .transform((value) => value.toLowerCase() === 'true')
      .default(standard);
  // Without any, those that a process gives: 0666 and 0777 without what its umask takes away.
  const permissions = formed("octal digits in quotes, for example '0644'", (value) => /^[0-7]{3,5}$/.test(value));
  const encoding = formed(`one of ${encodings.join(', ')}`, (value) => findEncoding(value) !== undefined)
    .transform((value) => findEncoding(value) ?? 'utf8')
    .default('utf8');
  const texts = z.array(text, expecting('a list of texts'));
  const map = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
    z.strictObject(shape, expecting('a map of inputs'));
  const list = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
    z.array(map(shape), expecting('a list of maps: each begins with -')).min(1, { error: 'expected one map or more' });
  const bucketUrl = formed('an address s3://BUCKET/KEY', (value) => /^s3:\/\/[^/]+/i.test(value));
  const expectedBucketOwner = formed('an account of 12 digits', (value) => /^[0-9]{12}$/.test(value)).optional();
  const copy = { source: path, destination: path, overwrite: flag(true) };
  const owner = { owner: named('the name of a user'), group: named('the name of a group').optional() };
  const optionalOwner = { owner: owner.owner.optional(), group: owner.group };
  return {
    ExecuteBash: map({ commands: texts.min(1, { error: 'expected one command or more' }) }),
    ExecuteBinary: map({ path, arguments: texts.default([]) }),
    ExecuteDocument: map({
      document: named('a path, an s3:// address or the ARN of a component'),
      'document-s3-bucket-owner': expectedBucketOwner,
      phases: named('names of phases with commas between them').optional(),
      parameters: z
        .array(map({ name: named('the name of a parameter'), value: text }), expecting('a list of name and value'))
        .default([]),
    }),
    // Its inputs are a condition, read as such.
    Assert: z.unknown(),
    Reboot: map({
      delaySeconds: formed('a whole number of seconds', (value) => /^[0-9]{1,9}$/.test(value))
        .default('0')
        .transform(Number),
    }),
    UpdateOS: map({ include: texts.default([]), exclude: texts.default([]) }),
    S3Download: list({ source: bucketUrl, destination: path, expectedBucketOwner, overwrite: flag(true) }),
    S3Upload: list({ source: path, destination: bucketUrl, recurse: flag(false), expectedBucketOwner }),
    WebDownload: list({
      source: formed('an http:// or https:// address', (value) => /^https?:\/\/[^/]/i.test(value)),
      destination: path,
      overwrite: flag(true),
      checksum: formed('hexadecimal digits', (value) => /^[0-9a-fA-F]+$/.test(value)).optional(),
      algorithm: oneOf(algorithms).optional(),
      ignoreCertificateErrors: flag(false),
    }).superRefine((downloads, context) => {
      for (const [index, { checksum, algorithm }] of downloads.entries()) {
        if ((checksum === undefined) === (algorithm === undefined)) continue;
        context.addIssue({
          code: 'custom',
          path: [index],
          message: 'checksum and algorithm stand together or not at all',
        });
      }
    }),
    CreateFile: list({
      path,
      content: text.default(''),
      encoding,
      ...optionalOwner,
      permissions: permissions.optional(),
      overwrite: flag(true),
    }),
    AppendFile: list({ path, content: text.default(''), encoding }),
    CopyFile: list(copy),
    CopyFolder: list(copy),
    MoveFile: list(copy),
    MoveFolder: list(copy),
    CreateFolder: list({ path, ...optionalOwner, permissions: permissions.optional(), overwrite: flag(true) }),
    CreateSymlink: list({ path, target: path, force: flag(false) }),
    DeleteFile: list({ path }),
    DeleteFolder: list({ path, force: flag(false) }),
    ListFiles: list({ path, fileNamePattern: text.optional(), recursive: flag(false) }),
    ReadFile: list({ path, encoding, printFileContent: flag(false) }),
    SetFileEncoding: list({ path, encoding }),
    SetFileOwner: list({ path, ...owner }),
    SetFolderOwner: list({ path, ...owner, recursive: flag(true) }),
    SetFilePermissions: list({ path, permissions }),
    SetFolderPermissions: list({ path, permissions, recursive: flag(true) }),
  };
}

const writtenInputs = makeInputSchemas(true);
const readyInputs = makeInputSchemas(false);

export type ActionName = keyof typeof readyInputs;

/** An action with inputs as it runs: references replaced, defaults filled in. */
export type ComponentAction = {
  [Name in ActionName]: { readonly name: Name; readonly inputs: z.infer<(typeof readyInputs)[Name]> };
}[ActionName];

/** The actions that a component for Linux may use. */
export const actionNames = Object.keys(readyInputs) as readonly ActionName[];

/** Actions of Windows, and why each cannot run here. */
const windowsActions: ReadonlyMap<string, string> = new Map([
  ['ExecutePowerShell', 'it runs PowerShell on Windows; use ExecuteBash'],
  ['InstallMSI', 'it installs a package of Windows; use ExecuteBash with apt-get'],
  ['UninstallMSI', 'it removes a package of Windows; use ExecuteBash with apt-get'],
  ['SetRegistry', "it changes Windows' registry"],
]);

/** Why no step of a component for Linux can have this action, null when it can. */
export function findActionProblem(action: string): string | null {
  if (isActionName(action)) return null;
  const reason = windowsActions.get(action);
  if (reason !== undefined) return `the action ${action} is not available on Linux: ${reason}`;
  return `there is no action ${action}; known are ${actionNames.join(', ')}`;
}

export function isActionName(action: string): action is ActionName {
  return Object.hasOwn(readyInputs, action);
}

const outputsOfActions: ReadonlyMap<ActionName, readonly string[]> = new Map<ActionName, readonly string[]>([
  ['ExecuteBash', ['stdout']],
  ['ExecuteBinary', ['stdout']],
  ['WebDownload', ['destination']],
  ['ListFiles', ['files']],
  ['ReadFile', ['content']],
]);

export function actionTraits(action: ActionName): ActionTraits {
  return { outputs: outputsOfActions.get(action) ?? [], takesList: readyInputs[action] instanceof z.ZodArray };
}

export interface InputProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What is wrong with the inputs of an action as a document writes them. */
export function findInputProblems(action: ActionName, inputs: unknown): InputProblem[] {
  const read = writtenInputs[action].safeParse(orNone(action, inputs));
  return read.success ? [] : read.error.issues.flatMap((issue) => describeIssue(issue));
}

export type ReadyAction =
  | { readonly ok: true; readonly action: ComponentAction }
  | { readonly ok: false; readonly problems: readonly InputProblem[] };

/** The action with inputs in which every reference has its value. */
export function readAction(name: ActionName, inputs: unknown): ReadyAction {
  const read = readyInputs[name].safeParse(orNone(name, inputs));
  if (read.success) return { ok: true, action: { name, inputs: read.data } as ComponentAction };
  return { ok: false, problems: read.error.issues.flatMap((issue) => describeIssue(issue)) };
}

/** Only these two may go without inputs. */
function orNone(action: ActionName, inputs: unknown): unknown {
  return inputs === undefined && (action === 'UpdateOS' || action === 'Reboot') ? {} : inputs;
}

function describeIssue(issue: z.core.$ZodIssue): InputProblem[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: issue.message }];
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: `unknown input ${key}` }));
}

/** What is wrong with inputs, as one text. */
export function describeInputProblems(problems: readonly InputProblem[]): string {
  return problems.map(({ path, message }) => `${writePath(['inputs', ...path])}: ${message}`).join('; ');
}
