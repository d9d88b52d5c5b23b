import type { NamedMigration } from '../migrate.ts';
import * as installation from './0001-installation.ts';
import * as identity from './0002-identity.ts';
import * as nodes from './0003-nodes.ts';
import * as baselines from './0004-baselines.ts';
import * as commands from './0005-commands.ts';
import * as facts from './0006-facts.ts';
import * as cancellationAndPresence from './0017-cancellation-and-presence.ts';
import * as outputsAndOverrides from './0018-outputs-and-overrides.ts';

/** Every migration, oldest first. One that was released never changes; names sort in this order. */
export const migrations: readonly NamedMigration[] = [
  { name: '0001-installation', up: installation.up },
  { name: '0002-identity', up: identity.up },
  { name: '0003-nodes', up: nodes.up },
  { name: '0004-baselines', up: baselines.up },
  { name: '0005-commands', up: commands.up },
  { name: '0006-facts', up: facts.up },
  { name: '0017-cancellation-and-presence', up: cancellationAndPresence.up },
  { name: '0018-outputs-and-overrides', up: outputsAndOverrides.up },
];
