import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateDistributionConfigurationCommand,
  CreateImagePipelineCommand,
  type ImagebuilderClient,
  StartImagePipelineExecutionCommand,
} from '@aws-sdk/client-imagebuilder';
import { GetImageBuildRecord } from '@patchbay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSuccess } from '../../packages/server/src/test-support/send-request.ts';
import { withRealServer } from '../ssm/real-server.ts';
import { mountImage } from '../support/mounted-image.ts';
import { startTestRegistry, type TestRegistry } from '../support/test-registry.ts';
import {
  approveEverything,
  awaitImage,
  createImageBuilderClient,
  createRecipe,
  fileComponent,
  startTestBuilder,
  type TestBuilder,
} from './built-image.ts';

const template = `FROM {{{ imagebuilder:parentImage }}}
{{{ imagebuilder:environments }}}
ENV GREETING=hello
RUN mkdir /srv/app && echo "$GREETING" >/srv/app/greeting
{{{ imagebuilder:components }}}
WORKDIR /srv/app
CMD ["cat", "greeting"]
`;

// Debian's own archives: minutes, and the Internet.
describe.each([
  ['debian-12-x86', '12'],
  ['debian-13-x86', '13'],
])('the managed base image %s', (name, versionId) => {
  const server = withRealServer();
  let folder: string;
  let registry: TestRegistry;
  let builder: TestBuilder;
  let client: ImagebuilderClient;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'managed-image-'));
    registry = await startTestRegistry();
    client = createImageBuilderClient(server());
    builder = await startTestBuilder(server());
    await approveEverything(server(), 'golden');
  });
  afterAll(async () => {
    await builder?.stop();
    await registry?.close();
    client?.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  it('becomes an image in which apt finds nothing missing, by a pipeline', async () => {
    const repositoryName = `${registry.address}/golden/${name}`;
    const region = server().access.region;
    const recipe = await createRecipe(client, {
      name,
      parentImage: `arn:aws:imagebuilder:${region}:aws:image/${name}/x.x.x`,
      repositoryName,
      component: fileComponent,
      template,
      withUpdates: true,
      tags: { PatchGroup: 'golden' },
    });
    const { distributionConfigurationArn = '' } = await client.send(
      new CreateDistributionConfigurationCommand({
        name,
        distributions: [
          {
            region,
            containerDistributionConfiguration: {
              targetRepository: { service: 'ECR', repositoryName },
              containerTags: ['stable'],
            },
          },
        ],
      }),
    );
    const { imagePipelineArn = '' } = await client.send(
      new CreateImagePipelineCommand({ name, ...recipe, distributionConfigurationArn }),
    );
    const { imageBuildVersionArn = '' } = await client.send(
      new StartImagePipelineExecutionCommand({ imagePipelineArn }),
    );
    const image = await awaitImage(client, imageBuildVersionArn);
    expect(image.state).toEqual({ status: 'AVAILABLE' });
    expect(image.sourcePipelineArn).toBe(imagePipelineArn);
    const answer = await server().call(
      'Patchbay.GetImageBuildRecord',
      { imageBuildVersionArn },
      { service: 'patchbay' },
    );
    const { record } = GetImageBuildRecord.output.parse(readSuccess(answer));
    expect(record?.parent.version).toMatch(new RegExp(`^${versionId}\\.\\d+\\.\\d{8}$`));
    expect(record?.layers).toHaveLength(2);
    expect(record?.tools.map((tool) => tool.name)).toContain('mmdebstrap');
    const root = await mountImage(folder, `docker://${repositoryName}:stable`);
    try {
      expect(await root.run(['cat', '/srv/app/greeting'])).toBe('hello\n');
      expect(await root.listTraces()).toEqual([]);
      expect(await root.listUpgrades()).toEqual([]);
    } finally {
      await root.remove();
    }
  });
});
