import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  CreateComponentCommand,
  CreateContainerRecipeCommand,
  CreateInfrastructureConfigurationCommand,
  GetImageCommand,
  type Image,
  ImagebuilderClient,
} from '@aws-sdk/client-imagebuilder';
import {
  AddTagsToResourceCommand,
  CreateActivationCommand,
  CreatePatchBaselineCommand,
  RegisterPatchBaselineForPatchGroupCommand,
} from '@aws-sdk/client-ssm';
import { type BuilderSettings, createBuilder, runAgent } from '@patchbay/agent';
import type { PatcherStage } from '../patcher/patcher-stage.ts';
import type { RealServer } from '../ssm/real-server.ts';
import { listHosts } from '../support/test-archive.ts';

/** A component that writes a file, and tests that it is there. */
export const fileComponent = `
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: Write
        action: CreateFile
        inputs: [{ path: /etc/app.conf, content: built }]
  - name: test
    steps:
      - name: IsThere
        action: ExecuteBash
        inputs: { commands: [test -f /etc/app.conf] }
`;

/** The agent's timers, hurried: a minute between two refused calls would make long tests. */
const hurriedTimers = {
  now: () => new Date(),
  random: Math.random,
  sleep: async (milliseconds: number, signal?: AbortSignal) => {
    await wait(Math.min(milliseconds, 300), undefined, { signal }).catch(() => {});
  },
};

export interface TestBuilder {
  readonly instanceId: string;
  /** Holds its state directory `state`, and nothing else of its. */
  readonly folder: string;
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

/** A real agent of this machine that builds images, enrolled and tagged as a builder. */
export async function startTestBuilder(
  server: RealServer,
  settings: Partial<BuilderSettings> = {},
  directory?: string,
): Promise<TestBuilder> {
  const folder = directory ?? (await mkdtemp(join(tmpdir(), 'patchbay-builder-')));
  const { ActivationId: id = '', ActivationCode: code = '' } = await server.ssm.send(
    new CreateActivationCommand({ IamRole: 'node' }),
  );
  const stopping = new AbortController();
  const lines: string[] = [];
  const running = runAgent({
    stateDirectory: join(folder, 'state'),
    endpoint: server.url,
    region: server.access.region,
    activation: { id, code },
    patcherProgram: ['/nonexistent'],
    hostPolicyFile: join(folder, 'policy.json'),
    builder: createBuilder({
      concurrency: 1,
      archives: null,
      keyring: '/usr/share/keyrings/debian-archive-keyring.gpg',
      registryAuthFile: null,
      parentImageDirectory: null,
      plainHttpRegistries: [],
      ...settings,
    }),
    log: ({ message }) => lines.push(message),
    signal: stopping.signal,
    timers: hurriedTimers,
  });
  running.catch((error: unknown) => lines.push(String(error)));
  const findId = () => lines.map((line) => /Online as (mi-\w+)/.exec(line)?.[1]).find(Boolean);
  for (let attempt = 0; findId() === undefined; attempt += 1) {
    if (attempt > 400) throw new Error(`The builder did not come online: ${lines.join('; ')}`);
    await wait(50);
  }
  const instanceId = findId() ?? '';
  await server.ssm.send(
    new AddTagsToResourceCommand({
      ResourceType: 'ManagedInstance',
      ResourceId: instanceId,
      Tags: [{ Key: 'patchbay:builder', Value: 'true' }],
    }),
  );
  return {
    instanceId,
    folder,
    lines,
    stop: async () => {
      stopping.abort();
      await running;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function createImageBuilderClient({ url, access, administrator }: RealServer): ImagebuilderClient {
  const { accessKeyId, secretAccessKey } = administrator;
  return new ImagebuilderClient({
    endpoint: url,
    region: access.region,
    credentials: { accessKeyId, secretAccessKey },
  });
}

export interface RecipeParts {
  readonly name: string;
  readonly parentImage: string;
  readonly repositoryName: string;
  readonly component: string;
  readonly withUpdates?: boolean;
  readonly template?: string;
  readonly tags?: Record<string, string>;
}

/** The tag by which what is inside an image may reach these archives, each of which has a port of its own. */
export function allowArchives({ archives }: Pick<PatcherStage['archives'], 'archives'>): Record<string, string> {
  return { 'patchbay:allowed-hosts': listHosts(archives).join(' ') };
}

/** A component, a recipe on it and an infrastructure configuration. */
export async function createRecipe(client: ImagebuilderClient, parts: RecipeParts) {
  const { name, parentImage, repositoryName, component, withUpdates = false, template, tags } = parts;
  const { componentBuildVersionArn } = await client.send(
    new CreateComponentCommand({ name, semanticVersion: '1.0.0', platform: 'Linux', data: component }),
  );
  const region = await client.config.region();
  const update = `arn:aws:imagebuilder:${region}:aws:component/update-linux/x.x.x`;
  const { containerRecipeArn = '' } = await client.send(
    new CreateContainerRecipeCommand({
      containerType: 'DOCKER',
      name,
      semanticVersion: '1.0.0',
      parentImage,
      targetRepository: { service: 'ECR', repositoryName },
      components: [
        ...(withUpdates ? [{ componentArn: update }] : []),
        { componentArn: componentBuildVersionArn ?? '' },
      ],
      dockerfileTemplateData: template,
      tags,
    }),
  );
  const { infrastructureConfigurationArn = '' } = await client.send(
    new CreateInfrastructureConfigurationCommand({ name, instanceProfileName: 'builders' }),
  );
  return { containerRecipeArn, infrastructureConfigurationArn };
}

/** Waits until a build has ended, however. */
export async function awaitImage(client: ImagebuilderClient, imageBuildVersionArn: string): Promise<Image> {
  for (;;) {
    const { image } = await client.send(new GetImageCommand({ imageBuildVersionArn }));
    if (image && ['AVAILABLE', 'FAILED', 'CANCELLED'].includes(image.state?.status ?? '')) return image;
    await wait(300);
  }
}

/** A baseline that approves whatever there is at once, for a patch group. */
export async function approveEverything(server: RealServer, patchGroup: string): Promise<void> {
  const { BaselineId = '' } = await server.ssm.send(
    new CreatePatchBaselineCommand({
      Name: 'everything',
      OperatingSystem: 'DEBIAN',
      ApprovalRules: {
        PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 0, EnableNonSecurity: true }],
      },
    }),
  );
  await server.ssm.send(new RegisterPatchBaselineForPatchGroupCommand({ BaselineId, PatchGroup: patchGroup }));
}
