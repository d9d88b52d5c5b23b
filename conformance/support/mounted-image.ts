import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool, tryTool } from './run-tool.ts';

/** An image as buildah mounts it, looked at by nothing of ours. */
export interface MountedImage {
  run(argv: readonly [string, ...string[]]): Promise<string>;
  /** `name version`, sorted. */
  listPackages(): Promise<string[]>;
  /** What apt, with fresh lists, would bring in; ask for traces before. */
  listUpgrades(): Promise<string[]>;
  /** Files that a builder could have left behind, with their checksums. */
  listTraces(): Promise<string[]>;
  remove(): Promise<void>;
}

/** Mounts an image of a registry without TLS; `folder` is the test's own. */
export async function mountImage(folder: string, reference: string): Promise<MountedImage> {
  const options = ['--root', join(folder, 'judge'), '--runroot', join(folder, 'judge-run'), '--storage-driver', 'vfs'];
  const buildah = async (...words: string[]) => (await runTool(['buildah', ...options, ...words])).trim();
  const container = await buildah('from', '--quiet', '--tls-verify=false', reference);
  const directory = await buildah('mount', container);
  const run = async (argv: readonly [string, ...string[]]) => await runTool(['chroot', directory, ...argv]);
  return {
    run,
    listPackages: async () =>
      (await run(['dpkg-query', '--show', '--showformat', '${Package} ${Version}\\n'])).trim().split('\n').sort(),
    listUpgrades: async () => {
      await copyFile('/etc/resolv.conf', join(directory, 'etc/resolv.conf'));
      await run(['apt-get', 'update', '--quiet']);
      const simulated = await run(['apt-get', '--simulate', '--quiet', 'dist-upgrade']);
      return simulated.split('\n').filter((line) => line.startsWith('Inst '));
    },
    listTraces: async () => {
      const places = ['/etc/resolv.conf', '/usr/sbin/policy-rc.d', '/var/log/apt', '/run', '/tmp'];
      const sums = ['-type', 'f', '-exec', 'sha256sum', '{}', '+'];
      // It fails for places that are not there.
      const { stdout } = await tryTool(['chroot', directory, 'find', ...places, ...sums]);
      return stdout.split('\n').filter((line) => line !== '');
    },
    remove: async () => {
      await buildah('rm', container);
    },
  };
}
