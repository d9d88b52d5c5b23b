import { GetPatchSettings, PutPatchSettings } from '@patchbay/contracts';
import { fulfil } from '../../operations/registry.ts';
import { wakeImageFreshness } from '../image-freshness/wake.ts';
import { settingsErrors } from './errors.ts';
import { changeSettings, defaultSettings, describeSettings, readSettings, type SettingsInForce } from './service.ts';

function describe(inForce: SettingsInForce) {
  const { revision, changedAt } = inForce;
  return { settings: describeSettings(inForce), revision, changedAt: changedAt?.toISOString() ?? null };
}

/** How an account judges. */
export const settingsContracts = [
  fulfil(GetPatchSettings, {
    handle: async (_input, { db, accountId }) => ({
      ...describe(await readSettings(db, accountId)),
      defaults: defaultSettings,
    }),
  }),
  fulfil(PutPatchSettings, {
    errors: settingsErrors,
    handle: async ({ settings, expectedRevision }, context) => {
      const changed = await changeSettings(settings, expectedRevision, context);
      await wakeImageFreshness(context.db, context.dependencies);
      return describe(changed);
    },
  }),
];
