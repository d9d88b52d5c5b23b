import { join } from 'node:path';
import {
  CancelImageCreationCommand,
  CreateImageCommand,
  type ImagebuilderClient,
  ListImagePackagesCommand,
  ListWorkflowExecutionsCommand,
  ListWorkflowStepExecutionsCommand,
} from '@aws-sdk/client-imagebuilder';
import { GetImageBillOfMaterials, GetImageBuildRecord, ImportImage, ListImageBuildLines } from '@patchbay/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openImageStore } from '../../packages/agent/src/images/index.ts';
import { readSuccess } from '../../packages/server/src/test-support/send-request.ts';
import { openPatcherStage, type PatcherStage } from '../patcher/patcher-stage.ts';
import { withRealServer } from '../ssm/real-server.ts';
import { mountImage } from '../support/mounted-image.ts';
import { tryTool } from '../support/run-tool.ts';
import { growArchives, hardCases } from '../support/test-packages.ts';
import { startTestRegistry, type TestRegistry } from '../support/test-registry.ts';
import { listLeftovers } from './build-stage.ts';
import {
  allowArchives,
  approveEverything,
  awaitImage,
  createImageBuilderClient,
  createRecipe,
  startTestBuilder,
  type TestBuilder,
} from './built-image.ts';

const cases = [hardCases.epoch];

const component = `
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: Write
        action: CreateFile
        inputs:
          - path: /etc/app.conf
            content: built
  - name: validate
    steps:
      - name: Look
        action: ExecuteBash
        inputs:
          commands: [grep -q built /etc/app.conf]
  - name: test
    steps:
      - name: IsThere
        action: ExecuteBash
        inputs:
          commands: [test -f /etc/app.conf, echo tested]
`;

describe('building a container image', () => {
  const server = withRealServer();
  let stage: PatcherStage;
  let registry: TestRegistry;
  let builder: TestBuilder;
  let client: ImagebuilderClient;
  let parentImage: string;
  let golden: Awaited<ReturnType<typeof createRecipe>>;
  const patchbay = { service: 'patchbay' };

  /** As `name version`, every page of them. */
  async function listPackages(imageBuildVersionArn: string): Promise<string[]> {
    const found: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(new ListImagePackagesCommand({ imageBuildVersionArn, nextToken }));
      found.push(...(page.imagePackageList ?? []).map((each) => `${each.packageName} ${each.packageVersion}`));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return found.sort();
  }

  /** Processes of the build that is cancelled. */
  async function findSleepers(): Promise<string[]> {
    const { stdout } = await tryTool(['pgrep', '--full', '--exact', 'sleep 4711']);
    return stdout.split('\n').filter((line) => line !== '');
  }

  beforeAll(async () => {
    stage = await openPatcherStage(cases);
    registry = await startTestRegistry();
    const store = openImageStore({ directory: join(stage.folder, 'store'), authFile: null });
    const parent = await store.pull(await store.readSource(stage.root.directory));
    parentImage = `${registry.address}/base:1`;
    const reference = await store.readSource(parentImage);
    if (reference.kind !== 'registry') throw new Error('The parent is not in a registry');
    await store.push(parent, reference.reference);
    await growArchives(stage.archives.archives, cases);
    client = createImageBuilderClient(server());
    builder = await startTestBuilder(server());
    await approveEverything(server(), 'golden');
  });
  afterAll(async () => {
    await builder?.stop();
    await registry?.close();
    await stage?.close();
    client?.destroy();
  });

  it('patches, tests and sends it, and tells what is in it', async () => {
    const repositoryName = `${registry.address}/golden/app`;
    golden = await createRecipe(client, {
      name: 'golden app',
      parentImage,
      repositoryName,
      component,
      withUpdates: true,
      tags: { ...allowArchives(stage.archives), PatchGroup: 'golden' },
    });
    const { imageBuildVersionArn = '' } = await client.send(new CreateImageCommand(golden));
    const built = await awaitImage(client, imageBuildVersionArn);
    expect(built.state).toEqual({ status: 'AVAILABLE' });
    expect(built.outputResources?.containers).toEqual([
      { region: server().access.region, imageUris: [`${repositoryName}:1.0.0-1`] },
    ]);
    const { workflowExecutions = [] } = await client.send(new ListWorkflowExecutionsCommand({ imageBuildVersionArn }));
    expect(workflowExecutions.map(({ type, status }) => [type, status])).toEqual([
      ['BUILD', 'COMPLETED'],
      ['TEST', 'COMPLETED'],
      ['DISTRIBUTION', 'COMPLETED'],
    ]);
    const { workflowExecutionId } = workflowExecutions[0] ?? {};
    const { steps = [] } = await client.send(new ListWorkflowStepExecutionsCommand({ workflowExecutionId }));
    expect(steps.map(({ name, status }) => [name, status])).toEqual([
      ['ObtainParentImage', 'COMPLETED'],
      ['ApplyBuildComponents', 'COMPLETED'],
      ['CollectImageMetadata', 'COMPLETED'],
      ['CreateOutputImage', 'COMPLETED'],
    ]);
    const root = await mountImage(stage.folder, `docker://${repositoryName}:1.0.0-1`);
    try {
      expect(await listPackages(imageBuildVersionArn)).toEqual(await root.listPackages());
      expect(await root.run(['cat', '/etc/app.conf'])).toBe('built');
      const below = await mountImage(stage.folder, `docker://${parentImage}`);
      expect(await root.listTraces()).toEqual(await below.listTraces());
      await below.remove();
      expect(await root.listUpgrades()).toEqual([]);
    } finally {
      await root.remove();
    }
  });

  it('makes the same image of the same things, and attaches its bills of materials', async () => {
    const build = async () => {
      const { imageBuildVersionArn = '' } = await client.send(new CreateImageCommand(golden));
      await awaitImage(client, imageBuildVersionArn);
      return readSuccess(await server().call('Patchbay.GetImageBuildRecord', { imageBuildVersionArn }, patchbay));
    };
    const [first, second] = [
      GetImageBuildRecord.output.parse(await build()),
      GetImageBuildRecord.output.parse(await build()),
    ];
    expect(second.record?.digest).toBe(first.record?.digest);
    expect(second.record?.parent.reference).toBe(parentImage);
    const { registry: address } = { registry: registry.address };
    const listed = await fetch(`http://${address}/v2/golden/app/manifests/${first.record?.digest.replace(':', '-')}`, {
      headers: { accept: 'application/vnd.oci.image.index.v1+json' },
    });
    const { manifests } = (await listed.json()) as { manifests: { artifactType: string }[] };
    expect(manifests.map(({ artifactType }) => artifactType).sort()).toEqual([
      'application/spdx+json',
      'application/vnd.cyclonedx+json',
    ]);
    const bill = await server().call(
      'Patchbay.GetImageBillOfMaterials',
      { imageBuildVersionArn: second.imageBuildVersionArn },
      patchbay,
    );
    const { content } = GetImageBillOfMaterials.output.parse(readSuccess(bill));
    expect(JSON.parse(content)).toMatchObject({ bomFormat: 'CycloneDX', components: expect.any(Array) });
  });

  it('imports one that exists as it is, and tells what is in it', async () => {
    const answer = await server().call(
      'Patchbay.ImportImage',
      { name: 'imported base', semanticVersion: '1.0.0', reference: parentImage, tags: allowArchives(stage.archives) },
      patchbay,
    );
    const { imageBuildVersionArn } = ImportImage.output.parse(readSuccess(answer));
    const image = await awaitImage(client, imageBuildVersionArn);
    expect(image).toMatchObject({
      state: { status: 'AVAILABLE' },
      buildType: 'IMPORT',
      outputResources: { containers: [{ imageUris: [parentImage] }] },
    });
    const told = await server().call('Patchbay.GetImageBuildRecord', { imageBuildVersionArn }, patchbay);
    const { record, steps } = GetImageBuildRecord.output.parse(readSuccess(told));
    const manifest = await fetch(`http://${registry.address}/v2/base/manifests/1`, {
      headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
    });
    expect(record?.digest).toBe(manifest.headers.get('docker-content-digest'));
    const { layers } = (await manifest.json()) as { layers: { digest: string; size: number }[] };
    expect(record?.layers).toEqual(layers.map(({ digest, size }) => ({ digest, sizeBytes: size })));
    expect(steps.map(({ name, status }) => [name, status])).toEqual([
      ['ObtainParentImage', 'COMPLETED'],
      ['ApplyBuildComponents', 'SKIPPED'],
      ['CollectImageMetadata', 'COMPLETED'],
      ['CreateOutputImage', 'SKIPPED'],
      ['ApplyTestComponents', 'SKIPPED'],
      ['DistributeImage', 'SKIPPED'],
    ]);
    const root = await mountImage(stage.folder, `docker://${parentImage}`);
    try {
      expect(await listPackages(imageBuildVersionArn)).toEqual(await root.listPackages());
    } finally {
      await root.remove();
    }
    const tags = await fetch(`http://${registry.address}/v2/base/tags/list`);
    expect(await tags.json()).toEqual({ name: 'base', tags: ['1'] });
  });

  it('sends nothing when a test fails, and says where it did', async () => {
    const repositoryName = `${registry.address}/never/sent`;
    const failing = component.replace('echo tested', 'echo "port is closed" && exit 3');
    const recipe = await createRecipe(client, {
      name: 'failing app',
      parentImage,
      repositoryName,
      component: failing,
      tags: allowArchives(stage.archives),
    });
    const { imageBuildVersionArn = '' } = await client.send(new CreateImageCommand(recipe));
    const image = await awaitImage(client, imageBuildVersionArn);
    expect(image.state?.status).toBe('FAILED');
    expect(image.state?.reason).toBe(
      'ApplyTestComponents (component failing app 1.0.0/1, phase test, step IsThere): ended with exit code 3',
    );
    const record = await server().call('Patchbay.GetImageBuildRecord', { imageBuildVersionArn }, patchbay);
    expect(GetImageBuildRecord.output.parse(readSuccess(record)).failure).toMatchObject({
      step: 'ApplyTestComponents',
      componentStep: 'IsThere',
      output: 'port is closed\n',
    });
    const lines = await server().call('Patchbay.ListImageBuildLines', { imageBuildVersionArn }, patchbay);
    const { lines: told, hasEnded } = ListImageBuildLines.output.parse(readSuccess(lines));
    expect(hasEnded).toBe(true);
    expect(told).toContainEqual(
      expect.objectContaining({ componentStep: 'IsThere', stream: 'stdout', text: 'port is closed' }),
    );
    const tags = await fetch(`http://${registry.address}/v2/never/sent/tags/list`);
    expect(tags.status).toBe(404);
  });

  it('is stopped with all it started when it is cancelled', async () => {
    const sleeping = component.replace('grep -q built /etc/app.conf', 'setsid sleep 4711 & sleep 4711');
    const recipe = await createRecipe(client, {
      name: 'endless app',
      parentImage,
      repositoryName: `${registry.address}/never/ending`,
      component: sleeping,
      tags: allowArchives(stage.archives),
    });
    const { imageBuildVersionArn = '' } = await client.send(new CreateImageCommand(recipe));
    await vi.waitUntil(async () => (await findSleepers()).length > 0, { timeout: 20_000, interval: 200 });
    await client.send(new CancelImageCreationCommand({ imageBuildVersionArn }));
    const image = await awaitImage(client, imageBuildVersionArn);
    expect(image.state).toEqual({ status: 'CANCELLED', reason: 'It was cancelled.' });
    expect(await findSleepers()).toEqual([]);
    expect(await listLeftovers(builder)).toEqual([]);
  });
});
