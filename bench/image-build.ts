import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CreateImageCommand, type ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { findDebianArchives } from '@patchbay/agent';
import { GetImageBuildRecord } from '@patchbay/contracts';
import {
  approveEverything,
  awaitImage,
  createImageBuilderClient,
  createRecipe,
  fileComponent,
  startTestBuilder,
} from '../conformance/imagebuilder/built-image.ts';
import { createDataFolder, startRealServer } from '../conformance/ssm/real-server.ts';
import { runTool } from '../conformance/support/run-tool.ts';
import { startTestRegistry } from '../conformance/support/test-registry.ts';
import { readSuccess } from '../packages/server/src/test-support/send-request.ts';

/**
 * A container image of Debian 12 with all approved updates and one file, built, tested and pushed to a registry on loopback:
 * by a hand-written mmdebstrap and buildah script, by a builder from cold (nothing kept), and by the same builder again,
 * when its base image is here and packages are newer than it. Side by side in one run, on real archives, in rounds that take
 * turns with who is first; before each measurement the kernel's caches are dropped, because they decide about half of the time.
 * Run: node bench/image-build.ts
 */

const folder = await mkdtemp(join(tmpdir(), 'patchbay-bench-images-'));
const registry = await startTestRegistry();
const data = await createDataFolder();
const server = await startRealServer(data.data);
const client = createImageBuilderClient(server);
const { main, security } = await findDebianArchives();

async function measure(name: string, work: () => Promise<unknown>): Promise<number> {
  await runTool(['sync']);
  await writeFile('/proc/sys/vm/drop_caches', '3');
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  console.log(`${name.padEnd(46)} ${seconds.toFixed(1)} s`);
  return seconds;
}

/** What somebody would write who has no Patchbay: bootstrap, upgrade, add a file, commit, test, push. */
async function buildByHand(): Promise<void> {
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const line = (uri: string, suite: string) => `deb [signed-by=${keyring}] ${uri} ${suite} main`;
  const root = join(folder, 'by-hand.tar');
  await runTool(['mmdebstrap', '--quiet', '--variant=minbase', 'bookworm', root, line(main, 'bookworm')]);
  const sources = [line(main, 'bookworm'), line(main, 'bookworm-updates'), line(security, 'bookworm-security')];
  await writeFile(join(folder, 'sources.list'), `${sources.join('\n')}\n`);
  await writeFile(join(folder, 'app.conf'), 'built');
  const store = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run')];
  const buildah = async (...words: string[]) => (await runTool(['buildah', ...store, ...words])).trim();
  const container = await buildah('from', 'scratch');
  await buildah('add', '--quiet', container, root, '/');
  await buildah('copy', '--quiet', container, join(folder, 'sources.list'), '/etc/apt/sources.list');
  const run = (...words: string[]) => buildah('run', '--isolation', 'chroot', container, '--', ...words);
  await run('apt-get', 'update', '-q');
  await run(
    'sh',
    '-c',
    'DEBIAN_FRONTEND=noninteractive apt-get -qy dist-upgrade && apt-get clean && rm -rf /var/lib/apt/lists/*',
  );
  await buildah('copy', '--quiet', container, join(folder, 'app.conf'), '/etc/app.conf');
  await run('test', '-f', '/etc/app.conf');
  await buildah('commit', '--quiet', container, 'by-hand');
  await buildah('push', '--quiet', '--tls-verify=false', 'by-hand', `docker://${registry.address}/by/hand:1`);
  await buildah('rm', container);
}

async function build(images: ImagebuilderClient, recipe: Awaited<ReturnType<typeof createRecipe>>): Promise<void> {
  const { imageBuildVersionArn = '' } = await images.send(new CreateImageCommand(recipe));
  const image = await awaitImage(images, imageBuildVersionArn);
  if (image.state?.status !== 'AVAILABLE')
    throw new Error(`The build ended ${image.state?.status}: ${image.state?.reason}`);
  const answer = await server.call('Patchbay.GetImageBuildRecord', { imageBuildVersionArn }, { service: 'patchbay' });
  const { steps } = GetImageBuildRecord.output.parse(readSuccess(answer));
  for (const { name, startedAt, endedAt } of steps) {
    const seconds = (Date.parse(endedAt ?? '') - Date.parse(startedAt ?? '')) / 1000;
    console.log(`  ${name.padEnd(44)} ${seconds.toFixed(1)} s`);
  }
}

await approveEverything(server, 'golden');
const region = server.access.region;
await mkdir(folder, { recursive: true });

/** Seconds of one round. */
async function measureRound(round: number): Promise<{ byHand: number; cold: number; again: number }> {
  // What a registry has already is not sent again.
  const recipe = await createRecipe(client, {
    name: `bench-${round}`,
    parentImage: `arn:aws:imagebuilder:${region}:aws:image/debian-12-x86/x.x.x`,
    repositoryName: `${registry.address}/bench/image-${round}`,
    component: fileComponent,
    withUpdates: true,
    tags: { PatchGroup: 'golden' },
  });
  const measureByHand = () => measure('mmdebstrap and buildah by hand', buildByHand);
  const first = round % 2 === 0 ? await measureByHand() : null;
  const builder = await startTestBuilder(server);
  try {
    // A builder looks around itself when it starts, and nobody waits for that.
    await wait(10_000);
    const cold = await measure('a builder, from cold', () => build(client, recipe));
    const again = await measure('the same builder again: only newer packages', () => build(client, recipe));
    return { byHand: first ?? (await measureByHand()), cold, again };
  } finally {
    await builder.stop();
  }
}

const rounds = 2;
try {
  const sums = { byHand: 0, cold: 0, again: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const { byHand, cold, again } = await measureRound(round);
    sums.byHand += byHand;
    sums.cold += cold;
    sums.again += again;
  }
  const { byHand, cold, again } = sums;
  console.log(
    `cold / by hand ${(cold / byHand).toFixed(2)} (at most 1.1), again / cold ${(again / cold).toFixed(2)} (at most 0.25)`,
  );
} finally {
  client.destroy();
  await server.stop();
  await data.remove();
  await registry.close();
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}
