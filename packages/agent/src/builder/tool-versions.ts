import type { ToolVersion } from '@patchbay/contracts';
import { agentVersion } from '../agent-version.ts';
import type { Machine } from '../machine/index.ts';
import { findTool } from '../machine/system-tools.ts';
import { BuilderError } from './builder-error.ts';

/** The programs that building takes, by the Debian packages that have them. */
export const builderTools: ReadonlyMap<string, string> = new Map([
  ['apt-get', 'apt'],
  ['buildah', 'buildah'],
  ['skopeo', 'skopeo'],
  ['mmdebstrap', 'mmdebstrap'],
  ['gpgv', 'gpgv'],
  ['tar', 'tar'],
  ['unshare', 'util-linux'],
  ['mount', 'mount'],
  ['ip', 'iproute2'],
]);

/** @throws BuilderError MISSING_TOOL, with what to install */
export function requireBuilderTools(): void {
  const missing = [...builderTools].filter(([program]) => findTool(program) === null);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ');
  const programs = missing.map(([program]) => program).join(', ');
  throw new BuilderError(
    'MISSING_TOOL',
    `Building images takes ${programs}, and this machine has none of that name: apt-get install ${packages}`,
  );
}

/** What images are built with, for their records. */
export async function readToolVersions(host: Pick<Machine, 'run'>): Promise<ToolVersion[]> {
  const names = ['buildah', 'skopeo', 'mmdebstrap', 'apt'];
  const output = await host.run({
    argv: ['dpkg-query', '--show', '--showformat', '${Package} ${Version}\n', ...names],
    timeoutSeconds: 60,
  });
  const known = output.stdout.split('\n').flatMap((line) => {
    const [name, version] = line.split(' ');
    return name && version ? [{ name, version }] : [];
  });
  return [{ name: 'patchbay', version: agentVersion }, ...known];
}
