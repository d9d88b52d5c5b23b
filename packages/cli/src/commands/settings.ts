import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { GetPatchSettings, type PatchSettings, PutPatchSettings } from '@patchbay/contracts';
import { AppError } from '@patchbay/facts';
import { Command } from 'commander';
import { z } from 'zod';
import {
  type AccessFlags,
  connect,
  type OutputFlags,
  print,
  withAccess,
  withOutput,
} from '../control-plane-options.ts';

export class SettingsFileError extends AppError<'SETTINGS_FILE'> {}

type Flags = AccessFlags & OutputFlags;

interface StoredSettings {
  readonly settings: PatchSettings;
  readonly revision: number;
  readonly changedAt: string | null;
}

/** What `settings get --output json` prints, or the members to change alone. */
const Change = z.union([
  z.looseObject({ settings: PutPatchSettings.input.shape.settings, revision: z.number().int() }),
  PutPatchSettings.input.shape.settings,
]);

/**
 * The change that a file asks for. One that holds the revision it was read at is refused when somebody changed the
 * settings since.
 *
 * @throws SettingsFileError SETTINGS_FILE
 */
export function readChange(content: string): z.input<(typeof PutPatchSettings)['input']> {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new SettingsFileError('SETTINGS_FILE', 'The settings cannot be read as JSON.', { cause });
  }
  const schema = z.object({ settings: z.unknown() }).safeParse(value).success ? Change.options[0] : Change.options[1];
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new SettingsFileError(
      'SETTINGS_FILE',
      `The settings are not what "patchbay settings get --output json" prints, nor a part of it:\n${z.prettifyError(parsed.error)}`,
    );
  }
  const { data } = parsed;
  return 'settings' in data ? { settings: data.settings, expectedRevision: data.revision } : { settings: data };
}

function describeSettings({ settings, revision, changedAt }: StoredSettings): string[] {
  const { classification, ...others } = settings;
  const patterns = Object.entries(classification).map(
    ([name, list]) => `classification.${name}: ${list.length} patterns (--output json shows them)`,
  );
  return [
    changedAt === null ? 'The defaults are in force.' : `revision ${revision}, changed ${changedAt}`,
    ...Object.entries(others).map(([name, value]) => `${name}: ${value}`),
    ...patterns,
  ];
}

/** `patchbay settings`: how an account judges. */
export const settingsCommand = new Command('settings').description(
  'Show and change how verdicts are made: which archives bring security updates, how old facts may be',
);

withOutput(withAccess(settingsCommand.command('get')))
  .description('Show the settings in force; --output json has them all, and the defaults')
  .action(async (flags: Flags) => {
    print(await (await connect(flags)).call(GetPatchSettings, {}), flags, describeSettings);
  });

withOutput(withAccess(settingsCommand.command('put <file>')))
  .description(
    'Change settings to what a file says: an edited "settings get --output json", or only the members to change',
  )
  .addHelpText('after', '\nWith - the settings are read from the standard input. A list replaces the whole list.')
  .action(async (file: string, flags: Flags) => {
    const change = readChange(await readContent(file));
    print(await (await connect(flags)).call(PutPatchSettings, change), flags, describeSettings);
  });

async function readContent(file: string): Promise<string> {
  if (file === '-') return await text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new SettingsFileError('SETTINGS_FILE', `${file} cannot be read.`, { cause });
  }
}
