import { ImageOrigin } from '@patchbay/facts';
import type { Machine } from '../machine/index.ts';

/** Builders write it: one line of JSON that names the image. */
export const imageOriginPath = '/etc/patchbay/image';

const mostBytes = 4096;

/** The image that a machine says it was made from; null where it says nothing that can be understood. */
export async function readImageOrigin(machine: Pick<Machine, 'readFile'>): Promise<ImageOrigin | null> {
  const bytes = await machine.readFile(imageOriginPath).catch(() => null);
  if (bytes === null || bytes.length > mostBytes) return null;
  try {
    return ImageOrigin.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch {
    // Whatever else stands there was not written by a builder: the machine is then nobody's copy.
    return null;
  }
}
