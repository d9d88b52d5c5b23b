import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withRealServer } from '../ssm/real-server.ts';
import { runTool } from '../support/run-tool.ts';
import { type BuildStage, listLeftovers, openBuildStage } from './build-stage.ts';

describe('an image upon one that lies on its builder', () => {
  const server = withRealServer();
  let offered: string;
  let stage: BuildStage;

  beforeAll(async () => {
    offered = await mkdtemp(join(tmpdir(), 'offered-'));
    stage = await openBuildStage(server(), { parentImageDirectory: offered });
    await stage.store.copyTo(stage.base, { kind: 'layout', directory: join(offered, 'layout'), name: '12' });
    const root = ['--create', '--numeric-owner', '--one-file-system', '--directory', stage.patcherStage.root.directory];
    await runTool(['tar', ...root, '--file', join(offered, 'root.tar'), '.']);
    await symlink('/etc/passwd', join(offered, 'passwd'));
  });
  afterAll(async () => {
    await stage?.close();
    await rm(offered, { recursive: true, force: true });
  });

  const readImage = async (repository: string) => {
    const name = `docker://${stage.registry.address}/${repository}:1.0.0-1`;
    return JSON.parse(await runTool(['skopeo', 'inspect', '--tls-verify=false', '--raw', name])) as {
      readonly layers: readonly { readonly digest: string }[];
      readonly annotations: Readonly<Record<string, string>>;
    };
  };

  it('is built on an OCI layout, whose layers stay as they are', async () => {
    const { status, reason, record } = await stage.build('on-layout', { parentImage: 'builder://layout:12' });
    expect([status, reason]).toEqual(['AVAILABLE', undefined]);
    expect(record.record?.parent).toEqual({
      reference: 'builder://layout:12',
      digest: stage.base.digest,
      version: null,
    });
    const { layers, annotations } = await readImage('on-layout');
    const below = stage.base.manifest.layers.map(({ digest }) => digest);
    expect(layers.map(({ digest }) => digest).slice(0, below.length)).toEqual(below);
    expect(annotations['org.opencontainers.image.base.name']).toBe('builder://layout:12');
  });

  it('is built on an archive of a root file system, and is the same again', async () => {
    const { status, reason, record } = await stage.build('on-root', { parentImage: 'builder://root.tar' });
    expect([status, reason]).toEqual(['AVAILABLE', undefined]);
    const again = await stage.build('on-root-again', { parentImage: 'builder://root.tar' });
    expect(again.record.record?.parent).toEqual(record.record?.parent);
  });

  it('is not built on what lies elsewhere or is not there', async () => {
    for (const path of ['passwd', 'absent']) {
      const { status, reason } = await stage.build(`on-${path}`, { parentImage: `builder://${path}` });
      expect([status, reason]).toEqual([
        'FAILED',
        `ObtainParentImage: The parent image builder://${path} cannot be used: there is no ${path} in ${offered} of this builder.`,
      ]);
    }
    expect(await listLeftovers(stage.builder)).toEqual([]);
  });
});
