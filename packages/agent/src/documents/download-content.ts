import { createHash } from 'node:crypto';
import { documentNameIn, type NestedDocuments, readJsonMap } from '@patchbay/patching';
import { z } from 'zod';
import { type Machine, MachineError } from '../machine/index.ts';
import { ContentError } from './content-error.ts';
import { type FetchContent, mostBytes } from './fetch-content.ts';
import { failedOutcome, type StepOutcome } from './shell-step.ts';

/** What aws:downloadContent may fetch, and how. */
export interface Downloads {
  readonly fetch: FetchContent;
  /** Whether the owner of the node allows plain http. */
  readonly isInsecureAllowed: boolean;
}

const sourceTypes = ['HTTP', 'SSMDocument'] as const;

/** Inputs of aws:downloadContent after parameters were written in. */
const DownloadInputs = z.object({
  sourceType: z.enum(sourceTypes, {
    error: ({ input }) =>
      `Patchbay's agent fetches from ${sourceTypes.join(' and ')}, not from ${typeof input === 'string' ? input : 'this'}`,
  }),
  sourceInfo: z
    .unknown()
    .optional()
    .transform((given) => readJsonMap(given))
    .pipe(z.record(z.string(), z.unknown(), { error: 'Expected a JSON object' })),
  destinationPath: z.string().default(''),
});

const Flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]).default(false);
const HttpSource = z.strictObject({
  /** `file:` is Patchbay's own: a file that is on the machine already, a shared directory's say. */
  url: z.url({ protocol: /^(https?|file)$/, error: 'Expected an https address, or file:///path' }),
  allowInsecureDownload: Flag,
  authMethod: z.enum(['None', 'Basic'], { error: 'Expected None or Basic; Digest is not supported' }).default('None'),
  username: z.string().default(''),
  password: z.string().default(''),
  /** Patchbay's own: what is fetched must have this checksum. */
  sha256: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'Expected 64 hexadecimal digits')
    .optional(),
});
const DocumentSource = z.object({ name: z.string().min(1) });

export interface DownloadRequest {
  readonly inputs: unknown;
  /** Documents that came along with the command. */
  readonly nested: NestedDocuments;
  /** Where contents of the command are put, as seen inside the machine; also what relative destinations are below. */
  readonly directory: string;
  /** Of a work file that holds the content meanwhile. */
  readonly temporaryPath: string;
  readonly signal: AbortSignal;
}

interface Content {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Parameters: the file, the directory of downloads, the destination, the name. An existing directory, and what ends in a
 * slash, takes the file under its name; anything else is the file's own path (SSM user guide, aws:downloadContent).
 */
const placeScript = `
umask 077
mkdir -p -- "$2" && cd -- "$2" || exit 1
case $3 in
  '') target=$4 ;;
  */) mkdir -p -- "$3" && target=$3$4 ;;
  *) if [ -d "$3" ]; then target=$3/$4; else mkdir -p -- "$(dirname -- "$3")" && target=$3; fi ;;
esac
cp -- "$1" "$target" && rm -f -- "$1" && printf 'Content downloaded to %s\\n' "$target"`;

/** Runs one aws:downloadContent step. What cannot be had is a failed step and never an exception. */
export async function downloadContent(
  machine: Machine,
  downloads: Downloads,
  request: DownloadRequest,
): Promise<StepOutcome> {
  try {
    const inputs = read(DownloadInputs, request.inputs, []);
    const { name, bytes } =
      inputs.sourceType === 'HTTP'
        ? await fetchHttp(machine, read(HttpSource, inputs.sourceInfo, ['sourceInfo']), downloads, request.signal)
        : takeDocument(read(DocumentSource, inputs.sourceInfo, ['sourceInfo']).name, request.nested);
    const file = await machine.writeWorkFile(request.temporaryPath, bytes);
    const { exitCode, stdout, stderr } = await machine.run({
      argv: ['/bin/sh', '-c', placeScript, 'sh', file, request.directory, inputs.destinationPath, name],
      timeoutSeconds: 600,
      signal: request.signal,
    });
    const status = exitCode === 0 ? 'Success' : 'Failed';
    return { status, code: exitCode ?? 1, standardOutput: stdout, standardError: stderr };
  } catch (error) {
    if (error instanceof ContentError || error instanceof MachineError) return failedOutcome(error.message);
    throw error;
  }
}

function read<Schema extends z.ZodType>(schema: Schema, value: unknown, path: readonly string[]): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = [...path, ...(issue?.path ?? [])].join('.');
  throw new ContentError('CONTENT_INPUT', `The input ${where} of the step is wrong: ${issue?.message ?? ''}.`);
}

async function fetchHttp(
  machine: Machine,
  source: z.output<typeof HttpSource>,
  downloads: Downloads,
  signal: AbortSignal,
): Promise<Content> {
  const url = new URL(source.url);
  const { username, password } = source;
  if (`${username}${password}`.includes('{{')) {
    throw new ContentError('CONTENT_INPUT', 'Values of Parameter Store (ssm-secure) are not supported.');
  }
  const bytes =
    url.protocol === 'file:'
      ? await readLocal(machine, url)
      : await downloads.fetch({
          url,
          credentials: source.authMethod === 'Basic' ? { username, password } : null,
          isInsecureAllowed: source.allowInsecureDownload && downloads.isInsecureAllowed,
          signal,
        });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (source.sha256 !== undefined && source.sha256.toLowerCase() !== sha256) {
    throw new ContentError(
      'CONTENT_CHECKSUM',
      `What ${url.protocol}//${url.host}${url.pathname} holds has the sha256 ${sha256}, not ${source.sha256}: it was not kept.`,
    );
  }
  return { name: fileNameOf(url), bytes };
}

async function readLocal(machine: Machine, url: URL): Promise<Buffer> {
  const path = decodeURIComponent(url.pathname);
  const status = url.host === '' ? await machine.stat(path) : null;
  if (status === null) throw new ContentError('CONTENT_INPUT', `There is no file ${url.host}${path} on this machine.`);
  if (status.sizeBytes > mostBytes) {
    throw new ContentError('CONTENT_INPUT', `${path} has more than ${mostBytes} bytes.`);
  }
  return Buffer.from((await machine.readFile(path)) ?? '');
}

/** The last part of an address, as a name that no shell or path makes anything of. */
function fileNameOf(url: URL): string {
  const name = (url.pathname.split('/').at(-1) ?? '').replaceAll(/[^a-zA-Z0-9._-]/g, '_').slice(0, 200);
  return /^\.{0,2}$/.test(name) ? 'content' : name;
}

function takeDocument(reference: string, nested: NestedDocuments): Content {
  const document = nested.get(reference);
  if (document === undefined) {
    throw new ContentError('CONTENT_INPUT', `The control plane did not sign the document ${reference} along.`);
  }
  return { name: `${documentNameIn(reference)}.json`, bytes: Buffer.from(`${JSON.stringify(document, null, 2)}\n`) };
}
