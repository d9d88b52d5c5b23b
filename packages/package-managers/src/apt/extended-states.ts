import type { PackageName } from '@patchbay/facts';
import { parseControlFile, requireField } from './control-file.ts';

const what = 'extended_states';

/** Reads apt's /var/lib/apt/extended_states: the packages marked as automatically installed (apt-mark(8)). */
export function parseExtendedStates(text: string): PackageName[] {
  return parseControlFile(text, what)
    .filter((stanza) => stanza.fields.get('auto-installed') === '1')
    .map((stanza) => ({
      name: requireField(stanza, 'package', what),
      architecture: requireField(stanza, 'architecture', what),
    }));
}
