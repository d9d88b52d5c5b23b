import type { Query } from '@patchbay/package-managers';
import { ParseError } from '@patchbay/package-managers';

/** The settings of a machine's apt that decide what its archives offer. */
export interface AptConfiguration {
  readonly architecture: string;
  readonly foreignArchitectures: string[];
  readonly defaultRelease: string | null;
  /** Whether apt refuses archives after their Valid-Until (apt.conf(5), Acquire::Check-Valid-Until). */
  readonly checksValidUntil: boolean;
  /** Whether apt's daily service lets unattended-upgrades install (APT::Periodic, in apt.systemd.daily). */
  readonly upgradesDaily: boolean;
}

export const aptConfiguration: Query<AptConfiguration> = {
  argv: ['apt-config', 'dump'],
  parse(output) {
    const problem = (text: string) => new ParseError('UNREADABLE_OUTPUT', 'apt-config dump', 1, text);
    if (output.exitCode !== 0) throw problem(output.stderr.trim() || `it ended with status ${output.exitCode}`);
    const values = new Map<string, string>();
    const architectures: string[] = [];
    for (const line of output.stdout.split('\n')) {
      const [, name = '', value = ''] = /^(\S+) "(.*)";$/.exec(line) ?? [];
      if (name === 'APT::Architectures::') architectures.push(value);
      else if (name !== '') values.set(name.toLowerCase(), value);
    }
    const architecture = values.get('apt::architecture') ?? '';
    if (architecture === '') throw problem('it names no APT::Architecture');
    const defaultRelease = values.get('apt::default-release') ?? '';
    return {
      architecture,
      foreignArchitectures: architectures.filter((name) => name !== architecture && name !== ''),
      defaultRelease: defaultRelease === '' ? null : defaultRelease,
      // Without a check of dates apt does not look at Valid-Until either, whatever the other setting says.
      checksValidUntil: ['acquire::check-valid-until', 'acquire::check-date'].every((name) => isOn(values.get(name))),
      upgradesDaily:
        isOn(values.get('apt::periodic::enable')) && isOn(values.get('apt::periodic::unattended-upgrade') ?? '0'),
    };
  },
};

/** apt's words for false; `always` and intervals in days are none of them; a setting that is not there is on by default here. */
function isOn(value: string | undefined): boolean {
  return !/^(0|no|false|without|off|disable)$/i.test(value ?? 'true');
}
