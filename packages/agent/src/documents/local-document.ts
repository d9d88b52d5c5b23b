import { type CommandDocument, describeDocumentProblem, readDocumentText } from '@patchbay/patching';
import { type Machine, MachineError } from '../machine/index.ts';

const mostBytes = 64 * 1024;

/**
 * Reads the document that a LocalPath names: below the downloads of the command, or an absolute path of the machine. An
 * empty path means the one file that was downloaded. Answers a sentence where there is none.
 */
export async function readLocalDocument(
  machine: Machine,
  directory: string,
  path: string,
): Promise<CommandDocument | { readonly problem: string }> {
  try {
    const file =
      path === '' ? await findOnlyFile(machine, directory) : path.startsWith('/') ? path : `${directory}/${path}`;
    if (file === null) return { problem: 'documentPath names no file, and not exactly one was downloaded.' };
    const status = await machine.stat(file);
    if (status?.kind !== 'file') return { problem: `There is no document ${file} on this node.` };
    if (status.sizeBytes > mostBytes) return { problem: `${file} is larger than the 64 KB that a document may have.` };
    const bytes = await machine.readFile(file);
    if (bytes === null) return { problem: `There is no document ${file} on this node.` };
    const text = new TextDecoder().decode(bytes);
    const isJson = file.endsWith('.json') || text.trimStart().startsWith('{');
    const reading = readDocumentText(text, isJson ? 'JSON' : 'YAML');
    if (reading.ok) return reading.document;
    return { problem: `${file} is no document: ${reading.problems.map(describeDocumentProblem).join('; ')}.` };
  } catch (error) {
    if (!(error instanceof MachineError)) throw error;
    return { problem: error.message };
  }
}

async function findOnlyFile(machine: Machine, directory: string): Promise<string | null> {
  const names = (await machine.listDirectory(directory)) ?? [];
  return names.length === 1 && names[0] !== undefined ? `${directory}/${names[0]}` : null;
}
