import type { Pin } from '@patchbay/facts';
import { malformed, parseControlFile, requireField } from './control-file.ts';

/**
 * Reads one file of apt's preferences, https://manpages.debian.org/bookworm/apt/apt_preferences.5.en.html. Pins count
 * in the order in which apt reads its files: /etc/apt/preferences first, then preferences.d by name, where only names
 * without an extension or with `.pref` count.
 */
export function parsePreferences(text: string, file: string): Pin[] {
  const pins: Pin[] = [];
  for (const stanza of parseControlFile(text, file)) {
    const packages = requireField(stanza, 'package', file);
    const pin = stanza.fields.get('pin');
    // apt itself passes over a stanza without Pin.
    if (pin === undefined) continue;
    const priority = /^[+-]?\d+/.exec(stanza.fields.get('pin-priority') ?? '')?.[0];
    if (priority === undefined || Number(priority) === 0) {
      throw malformed(file, stanza.line, `the pin of ${packages} has no Pin-Priority, or zero, which apt refuses`);
    }
    if (!/^(release|version|origin)(\s|$)/i.test(pin)) {
      throw malformed(file, stanza.line, `apt knows no pin ${JSON.stringify(pin)}; use release, version or origin`);
    }
    pins.push({ file, packages, pin, priority: Number(priority), explanation: stanza.fields.get('explanation') ?? '' });
  }
  return pins;
}
