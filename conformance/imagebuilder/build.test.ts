import { join } from 'node:path';
import {
  CreateImageCommand,
  type ImagebuilderClient,
  ListImagePackagesCommand,
  ListWorkflowExecutionsCommand,
  ListWorkflowStepExecutionsCommand,
} from '@aws-sdk/client-imagebuilder';
import { CreatePatchBaselineCommand, RegisterPatchBaselineForPatchGroupCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openImageStore } from '../../packages/agent/src/images/index.ts';
import { openPatcherStage, type PatcherStage } from '../patcher/patcher-stage.ts';
import { withRealServer } from '../ssm/real-server.ts';
import { runTool } from '../support/run-tool.ts';
import { growArchives, hardCases } from '../support/test-packages.ts';
import { startTestRegistry, type TestRegistry } from '../support/test-registry.ts';
import {
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
    const { BaselineId = '' } = await server().ssm.send(
      new CreatePatchBaselineCommand({
        Name: 'everything',
        OperatingSystem: 'DEBIAN',
        ApprovalRules: {
          PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 0, EnableNonSecurity: true }],
        },
      }),
    );
    await server().ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup: 'golden' }));
  });
  afterAll(async () => {
    await builder?.stop();
    await registry?.close();
    await stage?.close();
    client?.destroy();
  });

  it('patches, tests and sends it, and tells what is in it', async () => {
    const repositoryName = `${registry.address}/golden/app`;
    const recipe = await createRecipe(client, {
      name: 'golden app',
      parentImage,
      repositoryName,
      component,
      withUpdates: true,
      tags: { PatchGroup: 'golden' },
    });
    const { imageBuildVersionArn = '' } = await client.send(new CreateImageCommand(recipe));
    const image = await awaitImage(client, imageBuildVersionArn);
    expect(image.state).toEqual({ status: 'AVAILABLE' });
    expect(image.outputResources?.containers).toEqual([
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
    const { imagePackageList = [] } = await client.send(new ListImagePackagesCommand({ imageBuildVersionArn }));
    expect(imagePackageList.length).toBe(25);
    const inspected = await runTool(['skopeo', 'inspect', '--tls-verify=false', `docker://${repositoryName}:1.0.0-1`]);
    expect(JSON.parse(inspected)).toMatchObject({ Layers: expect.arrayContaining([]) });
  });
});
