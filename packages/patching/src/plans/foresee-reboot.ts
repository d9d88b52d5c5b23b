import type { NodeOverlay, SimulatedChange } from '@patchbay/facts';

/** Packages whose running code only a reboot replaces, beside those that ask for it themselves. */
const rebootPackages = /^(?:linux-image-.+|libc6|systemd|dbus|dbus-daemon|intel-microcode|amd64-microcode)$/;

/** Whether an installed version of a package takes effect only with the next boot. */
export function takesEffectAtBoot(name: string): boolean {
  return rebootPackages.test(name);
}

/** What can be said about a reboot before anything is installed. */
export interface RebootForecast {
  readonly isExpected: boolean;
  /** Each one sentence; where none is expected, why not. */
  readonly reasons: readonly string[];
}

const whatItReplaces: readonly (readonly [RegExp, string])[] = [
  [/^linux-image-/, 'the kernel that runs'],
  [/^libc6$/, 'the C library that every process runs'],
  [/^systemd$/, 'process 1'],
  [/-microcode$/, 'the microcode of the processor'],
];

/** Whether these changes will want a reboot, as far as it shows beforehand: a package's own script may still ask for one. */
export function foreseeReboot(
  changes: readonly Pick<SimulatedChange, 'name' | 'toVersion'>[],
  { bootId, rebootReasons }: Pick<NodeOverlay, 'bootId' | 'rebootReasons'>,
): RebootForecast {
  if (bootId === '') return { isExpected: false, reasons: ['This is a root file system, which nothing boots.'] };
  const wanting = changes
    .filter(({ name, toVersion }) => toVersion !== null && takesEffectAtBoot(name))
    .map(({ name, toVersion }) => {
      const what = whatItReplaces.find(([pattern]) => pattern.test(name))?.[1] ?? 'what runs since the boot';
      return `${name} ${toVersion} replaces ${what}.`;
    });
  const reasons = [...rebootReasons.map((reason) => `One is due already: ${reason}.`), ...wanting];
  if (reasons.length > 0) return { isExpected: true, reasons };
  return {
    isExpected: false,
    reasons: ['No change is known to need one; a package may still ask for it when it goes in.'],
  };
}
