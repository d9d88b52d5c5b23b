import type { NamedMigration } from '../migrate.ts';
import * as installation from './0001-installation.ts';
import * as identity from './0002-identity.ts';
import * as nodes from './0003-nodes.ts';
import * as baselines from './0004-baselines.ts';
import * as commands from './0005-commands.ts';
import * as facts from './0006-facts.ts';
import * as patchSnapshots from './0007-patch-snapshots.ts';
import * as people from './0009-people.ts';
import * as certificateAuthority from './0013-certificate-authority.ts';
import * as factsWhole from './0015-facts-whole.ts';
import * as archiveWatch from './0016-archive-watch.ts';
import * as cancellationAndPresence from './0017-cancellation-and-presence.ts';
import * as outputsAndOverrides from './0018-outputs-and-overrides.ts';
import * as documents from './0022-documents.ts';
import * as maintenanceWindows from './0024-maintenance-windows.ts';
import * as parameters from './0025-parameters.ts';
import * as patchPlans from './0026-patch-plans.ts';
import * as changeFreezes from './0027-change-freezes.ts';
import * as patchingUnderWay from './0028-patching-under-way.ts';
import * as imageConfigurations from './0029-image-configurations.ts';
import * as imageComponents from './0030-image-components.ts';
import * as imageRecipes from './0031-image-recipes.ts';
import * as images from './0034-images.ts';
import * as imageFreshness from './0035-image-freshness.ts';

/** Every migration, oldest first. One that was released never changes; names sort in this order. */
export const migrations: readonly NamedMigration[] = [
  { name: '0001-installation', up: installation.up },
  { name: '0002-identity', up: identity.up },
  { name: '0003-nodes', up: nodes.up },
  { name: '0004-baselines', up: baselines.up },
  { name: '0005-commands', up: commands.up },
  { name: '0006-facts', up: facts.up },
  { name: '0007-patch-snapshots', up: patchSnapshots.up },
  { name: '0009-people', up: people.up },
  { name: '0013-certificate-authority', up: certificateAuthority.up },
  { name: '0015-facts-whole', up: factsWhole.up },
  { name: '0016-archive-watch', up: archiveWatch.up },
  { name: '0017-cancellation-and-presence', up: cancellationAndPresence.up },
  { name: '0018-outputs-and-overrides', up: outputsAndOverrides.up },
  { name: '0022-documents', up: documents.up },
  { name: '0024-maintenance-windows', up: maintenanceWindows.up },
  { name: '0025-parameters', up: parameters.up },
  { name: '0026-patch-plans', up: patchPlans.up },
  { name: '0027-change-freezes', up: changeFreezes.up },
  { name: '0028-patching-under-way', up: patchingUnderWay.up },
  { name: '0029-image-configurations', up: imageConfigurations.up },
  { name: '0030-image-components', up: imageComponents.up },
  { name: '0031-image-recipes', up: imageRecipes.up },
  { name: '0034-images', up: images.up },
  { name: '0035-image-freshness', up: imageFreshness.up },
];
