import type { ImageConfig } from './image-manifest.ts';

/** What an image does when it is started, as a Dockerfile's instructions change it. Absent: as in the image below. */
export interface ConfigChanges {
  readonly environment?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workingDirectory?: string;
  /** Null: none. */
  readonly entrypoint?: readonly string[] | null;
  readonly command?: readonly string[] | null;
  /** `80/tcp`. */
  readonly exposedPorts?: readonly string[];
  readonly volumes?: readonly string[];
  readonly stopSignal?: string;
  readonly shell?: readonly string[];
  readonly author?: string;
}

type Runtime = NonNullable<ImageConfig['config']>;

/** Everything that a change does not name stays, also what the OCI specification does not know (a health check, say). */
export function applyConfigChanges(image: ImageConfig, changes: ConfigChanges): ImageConfig {
  const { environment, labels, exposedPorts, volumes } = changes;
  const before: Runtime = image.config ?? {};
  const set = <Key extends keyof Runtime>(key: Key, value: Runtime[Key] | undefined) =>
    value === undefined ? {} : { [key]: value };
  const config: Runtime = {
    ...before,
    ...set('User', changes.user),
    ...set('WorkingDir', changes.workingDirectory),
    ...set('StopSignal', changes.stopSignal),
    ...set('Shell', changes.shell && [...changes.shell]),
    ...set('Env', environment && mergeEnvironment(before.Env ?? [], environment)),
    ...set('Labels', labels && { ...before.Labels, ...labels }),
    ...set('ExposedPorts', exposedPorts && { ...before.ExposedPorts, ...namesOf(exposedPorts) }),
    ...set('Volumes', volumes && { ...before.Volumes, ...namesOf(volumes) }),
    ...set('Entrypoint', changes.entrypoint && [...changes.entrypoint]),
    ...set('Cmd', changes.command && [...changes.command]),
  };
  if (changes.entrypoint === null) delete config.Entrypoint;
  if (changes.command === null) delete config.Cmd;
  return { ...image, ...(changes.author === undefined ? {} : { author: changes.author }), config };
}

function namesOf(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

/** A variable that was there keeps its place; new ones follow. */
function mergeEnvironment(before: readonly string[], changes: Readonly<Record<string, string>>): string[] {
  const left = new Map(Object.entries(changes));
  const kept = before.map((line) => {
    const name = line.slice(0, Math.max(0, line.indexOf('=')));
    const value = left.get(name);
    left.delete(name);
    return value === undefined ? line : `${name}=${value}`;
  });
  return [...kept, ...[...left].map(([name, value]) => `${name}=${value}`)];
}
