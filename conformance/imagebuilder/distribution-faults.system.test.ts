import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateDistributionConfigurationCommand, CreateImageCommand } from '@aws-sdk/client-imagebuilder';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withRealServer } from '../ssm/real-server.ts';
import { tryTool } from '../support/run-tool.ts';
import { startTestRegistry, type TestRegistry } from '../support/test-registry.ts';
import { type BuildStage, listLeftovers, openBuildStage, writeComponent } from './build-stage.ts';
import { allowArchives, createRecipe } from './built-image.ts';

const server = withRealServer();
const password = 'open-sesame-4712';
const encoded = Buffer.from(`builder:${password}`).toString('base64');
let stage: BuildStage;
let guarded: TestRegistry;

beforeAll(async () => {
  guarded = await startTestRegistry({ user: { name: 'builder', password } });
  const registryAuthFile = join(guarded.folder, 'auth.json');
  await writeFile(registryAuthFile, JSON.stringify({ auths: { [guarded.address]: { auth: encoded } } }), {
    mode: 0o600,
  });
  stage = await openBuildStage(server(), { registryAuthFile });
});
afterAll(async () => {
  await stage?.close();
  await guarded?.close();
});

async function listTags(registry: TestRegistry, repository: string): Promise<string[]> {
  const answer = await fetch(`http://${registry.address}/v2/${repository}/tags/list`);
  if (answer.status === 404) return [];
  const { tags } = (await answer.json()) as { tags: string[] | null };
  return (tags ?? []).filter((tag) => !tag.startsWith('sha256-')).toSorted();
}

/** The command lines and environments of all processes, as root can read them. */
function readAllProcesses(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .map((name) => {
      try {
        return `${readFileSync(`/proc/${name}/cmdline`, 'utf8')} ${readFileSync(`/proc/${name}/environ`, 'utf8')}`;
      } catch {
        // ENOENT, ESRCH: it has ended.
        return '';
      }
    })
    .join('\n');
}

describe('the credentials of a registry', () => {
  it('are in no layer, no line, no record and no command line', async () => {
    const arn = await stage.begin('guarded', {
      repositoryName: `${guarded.address}/guarded`,
      component: writeComponent(['env; cat /proc/*/environ /proc/*/cmdline ~/.docker/config.json || true']),
    });
    const watch = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      while (!watch.signal.aborted) {
        seen.push(...readAllProcesses().split('\n'));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    const ended = await stage.await(arn);
    watch.abort();
    await watching;
    expect([ended.status, ended.reason]).toEqual(['AVAILABLE', undefined]);
    expect(seen.filter((line) => line.includes('skopeo')).length).toBeGreaterThan(0);
    const told = [...seen, ...ended.lines, ...stage.builder.lines, JSON.stringify(ended.record)].join('\n');
    expect([told.includes(password), told.includes(encoded)]).toEqual([false, false]);
    const kept = await tryTool([
      'grep',
      '--recursive',
      '--files-with-matches',
      '--text',
      '-e',
      password,
      '-e',
      encoded,
      join(stage.builder.folder, 'state'),
    ]);
    expect(kept.stdout).toBe('');
  });

  it('that are wrong are told as what they are', async () => {
    const other = await startTestRegistry({ user: { name: 'somebody', password: 'else' } });
    try {
      const { status, reason } = await stage.build('unauthorized', { repositoryName: `${other.address}/app` });
      expect([status, reason]).toEqual(['FAILED', expect.stringMatching(/^DistributeImage: .*credentials/)]);
    } finally {
      await other.close();
    }
  });
});

describe('a registry that is lost', () => {
  it('before distribution leaves no tag that moves anywhere', async () => {
    const dying = await startTestRegistry();
    const recipe = await createRecipe(stage.client, {
      name: 'half',
      parentImage: stage.parentImage,
      repositoryName: `${stage.registry.address}/half`,
      component: writeComponent(['touch /srv/file']),
      tags: allowArchives(stage.patcherStage.archives),
    });
    const regions = [server().access.region, 'eu-west-1'];
    const target = (repositoryName: string, index: number) => ({
      region: regions[index],
      containerDistributionConfiguration: {
        targetRepository: { service: 'ECR' as const, repositoryName },
        containerTags: ['latest'],
      },
    });
    const distribute = async (name: string, repositories: readonly string[]) =>
      await stage.client.send(
        new CreateDistributionConfigurationCommand({ name, distributions: repositories.map(target) }),
      );
    const { distributionConfigurationArn } = await distribute('half', [
      `${stage.registry.address}/half`,
      `${dying.address}/half`,
    ]);
    const build = async () => {
      const image = await stage.client.send(new CreateImageCommand({ ...recipe, distributionConfigurationArn }));
      return await stage.await(image.imageBuildVersionArn ?? '');
    };
    const first = await build();
    expect([first.status, first.reason]).toEqual(['AVAILABLE', undefined]);
    expect(await listTags(dying, 'half')).toEqual(['1.0.0-1', 'latest']);
    await dying.close();
    const second = await build();
    expect([second.status, second.reason]).toEqual(['FAILED', expect.stringContaining(dying.address)]);
    expect(second.reason).toMatch(/^DistributeImage: /);
    // What is this build's alone may be there; `latest` is what it was.
    expect(await listTags(stage.registry, 'half')).toEqual(['1.0.0-1', '1.0.0-2', 'latest']);
    const digestOf = async (tag: string) =>
      (
        await fetch(`http://${stage.registry.address}/v2/half/manifests/${tag}`, {
          headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
        })
      ).headers.get('docker-content-digest');
    expect(await digestOf('latest')).toBe(await digestOf('1.0.0-1'));
    expect(await listLeftovers(stage.builder)).toEqual([]);
  });
});
