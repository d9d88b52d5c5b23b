import {
  CancelImageCreationCommand,
  CreateImageCommand,
  ListImagePackagesCommand,
  ListWorkflowExecutionsCommand,
  ListWorkflowStepExecutionsCommand,
} from '@aws-sdk/client-imagebuilder';
import { GetImageBillOfMaterials, ImportImage, ListImageBuildLines } from '@patchbay/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readSuccess } from '../../packages/server/src/test-support/send-request.ts';
import { withRealServer } from '../ssm/real-server.ts';
import { mountImage } from '../support/mounted-image.ts';
import { growArchives, hardCases } from '../support/test-packages.ts';
import { type BuildStage, findProcesses, listLeftovers, openBuildStage } from './build-stage.ts';
import { allowArchives, approveEverything, createRecipe, fileComponent } from './built-image.ts';

const cases = [hardCases.epoch];

const component = `${fileComponent}
  - name: validate
    steps:
      - name: Look
        action: ExecuteBash
        inputs: { commands: [grep -q built /etc/app.conf] }
`;

describe('building a container image', () => {
  const server = withRealServer();
  let stage: BuildStage;
  let golden: Awaited<ReturnType<typeof createRecipe>>;
  const patchbay = { service: 'patchbay' };

  /** As `name version`, every page of them. */
  async function listPackages(imageBuildVersionArn: string): Promise<string[]> {
    const found: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await stage.client.send(new ListImagePackagesCommand({ imageBuildVersionArn, nextToken }));
      found.push(...(page.imagePackageList ?? []).map((each) => `${each.packageName} ${each.packageVersion}`));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return found.sort();
  }

  beforeAll(async () => {
    stage = await openBuildStage(server(), {}, cases);
    await growArchives(stage.patcherStage.archives.archives, cases);
    await approveEverything(server(), 'golden');
  });
  afterAll(async () => {
    await stage?.close();
  });

  it('patches, tests and sends it, and tells what is in it', async () => {
    const repositoryName = `${stage.registry.address}/golden/app`;
    golden = await createRecipe(stage.client, {
      name: 'golden app',
      parentImage: stage.parentImage,
      repositoryName,
      component,
      withUpdates: true,
      tags: { ...allowArchives(stage.patcherStage.archives), PatchGroup: 'golden' },
    });
    const { imageBuildVersionArn = '' } = await stage.client.send(new CreateImageCommand(golden));
    const { image: built } = await stage.await(imageBuildVersionArn);
    expect(built.state).toEqual({ status: 'AVAILABLE' });
    expect(built.outputResources?.containers).toEqual([
      { region: server().access.region, imageUris: [`${repositoryName}:1.0.0-1`] },
    ]);
    const { workflowExecutions = [] } = await stage.client.send(
      new ListWorkflowExecutionsCommand({ imageBuildVersionArn }),
    );
    expect(workflowExecutions.map(({ type, status }) => [type, status])).toEqual([
      ['BUILD', 'COMPLETED'],
      ['TEST', 'COMPLETED'],
      ['DISTRIBUTION', 'COMPLETED'],
    ]);
    const { workflowExecutionId } = workflowExecutions[0] ?? {};
    const { steps = [] } = await stage.client.send(new ListWorkflowStepExecutionsCommand({ workflowExecutionId }));
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
      const below = await mountImage(stage.folder, `docker://${stage.parentImage}`);
      expect(await root.listTraces()).toEqual(await below.listTraces());
      await below.remove();
      expect(await root.listUpgrades()).toEqual([]);
    } finally {
      await root.remove();
    }
  });

  it('makes the same image of the same things, and attaches its bills of materials', async () => {
    const build = async () => {
      const { imageBuildVersionArn = '' } = await stage.client.send(new CreateImageCommand(golden));
      return (await stage.await(imageBuildVersionArn)).record;
    };
    const [first, second] = [await build(), await build()];
    expect(second.record?.digest).toBe(first.record?.digest);
    expect(second.record?.parent.reference).toBe(stage.parentImage);
    const { address } = stage.registry;
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
      {
        name: 'imported base',
        semanticVersion: '1.0.0',
        reference: stage.parentImage,
        tags: allowArchives(stage.patcherStage.archives),
      },
      patchbay,
    );
    const { imageBuildVersionArn } = ImportImage.output.parse(readSuccess(answer));
    const { image, record: told } = await stage.await(imageBuildVersionArn);
    expect(image).toMatchObject({
      state: { status: 'AVAILABLE' },
      buildType: 'IMPORT',
      outputResources: { containers: [{ imageUris: [stage.parentImage] }] },
    });
    const { record, steps } = told;
    const manifest = await fetch(`http://${stage.registry.address}/v2/base/manifests/1`, {
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
    const root = await mountImage(stage.folder, `docker://${stage.parentImage}`);
    try {
      expect(await listPackages(imageBuildVersionArn)).toEqual(await root.listPackages());
    } finally {
      await root.remove();
    }
    const tags = await fetch(`http://${stage.registry.address}/v2/base/tags/list`);
    expect(await tags.json()).toEqual({ name: 'base', tags: ['1'] });
  });

  it('sends nothing when a test fails, and says where it did', async () => {
    const repositoryName = `${stage.registry.address}/never/sent`;
    const failing = component.replace('test -f /etc/app.conf', 'echo "port is closed" && exit 3');
    const { imageBuildVersionArn, status, reason, record } = await stage.build('failing app', {
      repositoryName,
      component: failing,
    });
    expect(status).toBe('FAILED');
    expect(reason).toBe(
      'ApplyTestComponents (component failing app 1.0.0/1, phase test, step IsThere): ended with exit code 3',
    );
    expect(record.failure).toMatchObject({
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
    const tags = await fetch(`http://${stage.registry.address}/v2/never/sent/tags/list`);
    expect(tags.status).toBe(404);
  });

  it('is stopped with all it started when it is cancelled', async () => {
    const sleeping = component.replace('grep -q built /etc/app.conf', 'setsid sleep 4711 & sleep 4711');
    const repositoryName = `${stage.registry.address}/never/ending`;
    const imageBuildVersionArn = await stage.begin('endless app', { repositoryName, component: sleeping });
    const findSleepers = () => findProcesses('sleep 4711');
    await vi.waitUntil(async () => (await findSleepers()).length > 0, { timeout: 20_000, interval: 200 });
    await stage.client.send(new CancelImageCreationCommand({ imageBuildVersionArn }));
    const { image } = await stage.await(imageBuildVersionArn);
    expect(image.state).toEqual({ status: 'CANCELLED', reason: 'It was cancelled.' });
    expect(await findSleepers()).toEqual([]);
    expect(await listLeftovers(stage.builder)).toEqual([]);
  });
});
