import { randomUUID } from 'node:crypto';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ActionOutcome, ComponentAction } from '@patchbay/patching';
import { failed } from './action-end.ts';
import { askMachine } from './ask-machine.ts';
import { type Download, DownloadError } from './download.ts';
import { absoluteFile, forEachEntry, runFileScript } from './file-actions.ts';
import { type ActionStage, runInTime } from './run-program.ts';

type Inputs = Extract<ComponentAction, { readonly name: 'WebDownload' }>['inputs'];

/**
 * WebDownload: this process fetches, for a root may have no program that could, and a program of the root moves the file to
 * its place. So nothing is ever written to a path of the root from outside.
 */
export async function webDownload(stage: ActionStage, inputs: Inputs, download: Download): Promise<ActionOutcome> {
  return await forEachEntry(inputs.map((entry) => () => downloadOne(stage, entry, download)));
}

async function downloadOne(
  stage: ActionStage,
  entry: Inputs[number],
  download: Download,
): Promise<{ readonly destination: string }> {
  const url = URL.parse(entry.source);
  if (url === null) throw failed('the source is no address');
  const destination = absoluteFile(stage, `${entry.destination}${entry.destination.endsWith('/') ? nameOf(url) : ''}`);
  const { algorithm, checksum } = entry;
  const isWanted = algorithm === undefined || checksum === undefined ? null : { algorithm, checksum };
  await runFileScript(stage, ['RequirePlace', destination, String(entry.overwrite)]);
  if (isWanted !== null) {
    const question = { kind: 'file-digest', ...isWanted, path: destination, digest: isWanted.checksum } as const;
    const answer = await askMachine(stage, question);
    if (answer.kind === 'answer' && answer.holds) {
      stage.say('info', `${destination} is there already with this checksum and is not downloaded again`);
      return { destination };
    }
  }
  // Beside the work directory, where nothing inside can have put a link; then it is renamed into it.
  const { outside, inside } = stage.machine.workDirectory;
  const directory = await mkdtemp(join(dirname(outside), 'download-'));
  const file = join(directory, 'content');
  const name = `download-${randomUUID()}`;
  try {
    const digest = await fetchWithin(stage, download, {
      url,
      file,
      digest: isWanted === null ? null : digestNames[isWanted.algorithm],
      ignoresCertificateErrors: entry.ignoreCertificateErrors,
      onRetry: (reason) => stage.say('info', `${reason}; it is tried again`),
    });
    if (isWanted !== null && digest !== isWanted.checksum.toLowerCase()) {
      throw failed(`what ${url.origin}${url.pathname} holds has the ${isWanted.algorithm} ${digest}, not ${checksum}`);
    }
    await rename(file, join(outside, name));
    await runFileScript(stage, ['Place', `${inside}/${name}`, destination, String(entry.overwrite)]);
  } finally {
    await rm(directory, { recursive: true, force: true });
    await rm(join(outside, name), { recursive: true, force: true });
  }
  return { destination };
}

const digestNames = { MD5: 'md5', SHA1: 'sha1', SHA256: 'sha256', SHA512: 'sha512' } as const;

async function fetchWithin(
  stage: ActionStage,
  download: Download,
  request: Omit<Parameters<Download>[0], 'signal'>,
): Promise<string | null> {
  try {
    return (await runInTime(stage, (signal) => download({ ...request, signal }))).digest;
  } catch (error) {
    if (error instanceof DownloadError) throw failed(error.message);
    throw error;
  }
}

/** The name of the resource, for a destination that is a folder. */
function nameOf(url: URL): string {
  const last = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
  let name = last;
  try {
    name = decodeURIComponent(last);
  } catch {
    // Not percent-encoded text: it is the name as it stands.
  }
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) {
    throw failed(`${url.origin}${url.pathname} has no name for a file: give one in destination`);
  }
  return name;
}
