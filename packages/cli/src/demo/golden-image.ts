import { setTimeout as sleep } from 'node:timers/promises';
import type { DebianArchives } from '@patchbay/agent';
import {
  AddArchiveWatch,
  type ArchiveWatch,
  GetImageBuildRecord,
  GetImageFreshness,
  type ImagePipelineRun,
  ListImageBuildLines,
  ListImagePipelineRuns,
  RefreshArchiveWatch,
} from '@patchbay/contracts';
import { z } from 'zod';
import { describeBuildLine } from '../commands/image-log.ts';
import type { ControlPlaneClient } from '../control-plane-client.ts';
import { DemoError } from './demo-error.ts';
import type { Progress } from './progress.ts';

// The calls that whoever keeps a golden image makes, as the aws CLI would: docs/guides/golden-container-image.md.

const patchGroup = 'golden';
const region = 'us-east-1';
const managed = (resource: string) => `arn:aws:imagebuilder:${region}:aws:${resource}/x.x.x`;

/** A web server with a page, tested before it is sent anywhere. */
const component = (page: string) => `
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: InstallServer
        action: ExecuteBash
        inputs:
          commands:
            - apt-get update -q
            - DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends nginx-light
      - name: WritePage
        action: CreateFile
        inputs:
          - path: /var/www/html/index.html
            content: ${page}
            overwrite: true
  - name: test
    steps:
      - name: ConfigurationIsValid
        action: ExecuteBash
        inputs:
          commands: [nginx -t]
`;

const Baseline = z.object({ BaselineId: z.string() });

/** Every update of Debian, without delay: what apt would upgrade is then exactly what must be missing. */
export async function createImageBaseline(client: ControlPlaneClient): Promise<string> {
  const { BaselineId } = Baseline.parse(
    await client.ssm('CreatePatchBaseline', {
      Name: 'golden-images',
      OperatingSystem: 'DEBIAN',
      ApprovalRules: {
        PatchRules: [{ PatchFilterGroup: { PatchFilters: [] }, ApproveAfterDays: 0, EnableNonSecurity: true }],
      },
    }),
  );
  await client.ssm('RegisterPatchBaselineForPatchGroup', { BaselineId, PatchGroup: patchGroup });
  return BaselineId;
}

/** Lets the control plane look at the archives of the base image itself; images are judged by what it sees there. */
export async function watchArchives(
  client: ControlPlaneClient,
  { main, security }: DebianArchives,
): Promise<ArchiveWatch[]> {
  const sources = [
    { uri: main, suite: 'bookworm' },
    { uri: main, suite: 'bookworm-updates' },
    { uri: security, suite: 'bookworm-security' },
  ];
  return await Promise.all(
    sources.map(async (source) => {
      const keyring = { file: 'debian-archive-keyring.gpg' };
      const given = { ...source, components: ['main'], architectures: ['amd64'], keyring };
      const { watchId } = (await client.call(AddArchiveWatch, given)).watch;
      const { watch } = await client.call(RefreshArchiveWatch, { watchId });
      if (watch.problem !== null)
        throw new DemoError('COMMAND_FAILED', `${watch.uri} ${watch.suite}: ${watch.problem}`);
      return watch;
    }),
  );
}

export async function createComponent(client: ControlPlaneClient, version: string, page: string): Promise<void> {
  await client.imageBuilder('PUT', '/CreateComponent', {
    name: 'web-server',
    semanticVersion: version,
    platform: 'Linux',
    data: component(page),
    clientToken: `web-server-${version}`,
  });
}

export interface RecipeParts {
  readonly name: string;
  readonly accountId: string;
  /** `127.0.0.1:PORT`. */
  readonly registry: string;
  readonly updates: boolean;
}

/** A recipe on Debian's base image; with `update-linux` first, or without any update. */
export async function createRecipe(
  client: ControlPlaneClient,
  { name, accountId, registry, updates }: RecipeParts,
): Promise<string> {
  const own = `arn:aws:imagebuilder:${region}:${accountId}:component/web-server/x.x.x`;
  const answer = await client.imageBuilder('PUT', '/CreateContainerRecipe', {
    name,
    semanticVersion: '1.0.0',
    containerType: 'DOCKER',
    parentImage: managed('image/debian-12-x86'),
    components: [...(updates ? [managed('component/update-linux')] : []), own].map((componentArn) => ({
      componentArn,
    })),
    targetRepository: { service: 'ECR', repositoryName: `${registry}/${name}` },
    tags: { PatchGroup: patchGroup },
    clientToken: `recipe-${name}`,
  });
  return z.object({ containerRecipeArn: z.string() }).parse(answer).containerRecipeArn;
}

export async function createInfrastructure(client: ControlPlaneClient): Promise<string> {
  const answer = await client.imageBuilder('PUT', '/CreateInfrastructureConfiguration', {
    name: 'builders',
    instanceProfileName: 'builders',
    clientToken: 'infrastructure',
  });
  return z.object({ infrastructureConfigurationArn: z.string() }).parse(answer).infrastructureConfigurationArn;
}

export interface BuildParts {
  readonly containerRecipeArn: string;
  readonly infrastructureConfigurationArn: string;
}

const Build = z.object({ imageBuildVersionArn: z.string() });

export async function startBuild(client: ControlPlaneClient, parts: BuildParts): Promise<string> {
  const answer = await client.imageBuilder('PUT', '/CreateImage', { ...parts, clientToken: 'aged' });
  return Build.parse(answer).imageBuildVersionArn;
}

/** A pipeline that is asked each minute, so that nobody has to wait for Sunday. */
export async function createPipeline(client: ControlPlaneClient, name: string, parts: BuildParts): Promise<string> {
  const answer = await client.imageBuilder('PUT', '/CreateImagePipeline', {
    ...parts,
    name,
    schedule: { scheduleExpression: 'cron(* * * * ? *)' },
    clientToken: `pipeline-${name}`,
  });
  return z.object({ imagePipelineArn: z.string() }).parse(answer).imagePipelineArn;
}

export async function startPipeline(client: ControlPlaneClient, imagePipelineArn: string): Promise<string> {
  const input = { imagePipelineArn, clientToken: 'first' };
  return Build.parse(await client.imageBuilder('PUT', '/StartImagePipelineExecution', input)).imageBuildVersionArn;
}

/** What a builder says of most interest; `patchbay image log` has all of it. */
const telling = /^(?:Making|Base image|Component|Verdict|Made|Sent|Attached)/;

/** Shows what the builder says of a build until it is available. */
export async function followBuild(
  client: ControlPlaneClient,
  imageBuildVersionArn: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<z.infer<typeof GetImageBuildRecord.output>> {
  let shownStep = '';
  for (let from = 0; !signal.aborted; ) {
    const answer = await client.call(ListImageBuildLines, { imageBuildVersionArn, from });
    for (const line of answer.lines) {
      if (line.step !== shownStep) progress.line(`  ${line.step}`);
      shownStep = line.step;
      if (line.stream === 'info' && telling.test(line.text)) progress.line(`    ${line.text}`);
    }
    from = answer.next;
    if (answer.hasEnded) {
      if (answer.status === 'AVAILABLE') return await client.call(GetImageBuildRecord, { imageBuildVersionArn });
      const last = answer.lines.map(describeBuildLine).join('\n');
      throw new DemoError('COMMAND_FAILED', `The build is ${answer.status}: ${answer.reason ?? ''}\n${last}`);
    }
    if (answer.lines.length === 0) await sleep(300);
  }
  throw new DemoError('COMMAND_FAILED', 'Stopped while an image was built.');
}

export type Freshness = z.infer<typeof GetImageFreshness.output>;

/** How an image stands to its archives as they are now, once somebody has looked. */
export async function waitForFreshness(client: ControlPlaneClient, imageBuildVersionArn: string): Promise<Freshness> {
  for (let tries = 0; tries < 300; tries += 1) {
    const answer = await client.call(GetImageFreshness, { imageBuildVersionArn });
    if (answer.image.evaluatedAt !== null && answer.image.isWatched) return answer;
    await sleep(200);
  }
  throw new DemoError('COMMAND_FAILED', `Nobody has judged ${imageBuildVersionArn} within a minute.`);
}

/** Waits for the next time of the pipeline at which it decided so. */
export async function waitForDecision(
  client: ControlPlaneClient,
  imagePipelineArn: string,
  decision: ImagePipelineRun['decision'],
  after: Date,
  signal: AbortSignal,
): Promise<ImagePipelineRun> {
  for (let tries = 0; tries < 400 && !signal.aborted; tries += 1) {
    const { runs } = await client.call(ListImagePipelineRuns, { imagePipelineArn, maxResults: 3 });
    const found = runs.find((run) => run.decision === decision && new Date(run.decidedAt) > after);
    if (found) return found;
    await sleep(300);
  }
  throw new DemoError('COMMAND_FAILED', 'The pipeline has not decided within two minutes.');
}
