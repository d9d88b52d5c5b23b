import {
  findAuthFile,
  type ImageStore,
  openImageStore,
  parsePlatform,
  parseReference,
  patchImage,
  printImagePatch,
  scanImage,
} from '@patchbay/agent';
import { Command } from 'commander';
import { type OutputFlags, withOutput } from '../control-plane-options.ts';
import { collect } from '../repeated-option.ts';
import { waitForStopSignal } from '../stop-signals.ts';
import { imageImportCommand } from './image-import.ts';
import { imageListCommand } from './image-list.ts';
import { imageLogCommand, imageRecordCommand } from './image-log.ts';
import { imageSbomCommand } from './image-sbom.ts';
import { imageShowCommand } from './image-show.ts';

interface StoreFlags extends OutputFlags {
  readonly platform?: string;
  readonly baseline?: string;
  readonly store: string;
  readonly cache: string;
  readonly authFile?: string;
  readonly plainHttp?: readonly string[];
  readonly allowHost?: readonly string[];
}

/** What every command on images takes. */
function withStore(command: Command): Command {
  return withOutput(command)
    .argument(
      '<image>',
      'registry/name[:tag|@digest], oci:DIR[:name], oci-archive:FILE, docker-archive:FILE, or a path: a layout, an archive, a root file system',
    )
    .option('--baseline <file>', 'a baseline as aws ssm get-patch-baseline prints it (default: the predefined one)')
    .option('--platform <os/architecture>', 'which image of several (default: that of this machine)')
    .option('--store <directory>', 'where images are kept', '/var/lib/patchbay/images')
    .option('--cache <directory>', 'where package lists and first sightings are kept', '/var/cache/patchbay/scan')
    .option('--auth-file <file>', 'credentials as docker login or skopeo login writes them (default: where those do)')
    .option('--plain-http <registry>', 'a registry to speak plain HTTP with; may be given several times', collect)
    .option(
      '--allow-host <host>',
      "HOST[:PORT] of its archives, where they are neither this machine's nor public; may be given several times",
      collect,
    );
}

function open(flags: StoreFlags, signal: AbortSignal, report: (line: string) => void): ImageStore {
  return openImageStore({
    directory: flags.store,
    authFile: flags.authFile ?? findAuthFile(process.env),
    plainHttpRegistries: flags.plainHttp ?? [],
    report,
    signal,
  });
}

/** Aborted by the first SIGINT or SIGTERM. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  void waitForStopSignal().then(() => controller.abort());
  return controller.signal;
}

/** Images that nobody asked for in two weeks can be pulled again. */
const keptMilliseconds = 14 * 24 * 3_600_000;

async function pruneOld(store: ImageStore): Promise<void> {
  await store.prune(new Date(Date.now() - keptMilliseconds));
}

const platformOf = ({ platform }: StoreFlags) => (platform === undefined ? {} : { platform: parsePlatform(platform) });

const tell = (line: string) => process.stderr.write(`${line}\n`);

interface ScanFlags extends StoreFlags {
  readonly refresh: boolean;
}

const scan = withStore(new Command('scan'))
  .description('Say what is missing in an image and why (exit: 0 compliant, 1 not, 2 cannot tell)')
  .option('--no-refresh', 'do not fetch package lists; use those that are there')
  .action(async (image: string, flags: ScanFlags) => {
    const store = open(flags, stopSignal(), () => {});
    const report = await scanImage({
      store,
      source: image,
      ...platformOf(flags),
      baselineFile: flags.baseline ?? null,
      cacheDirectory: flags.cache,
      allowedHosts: flags.allowHost ?? [],
      refresh: flags.refresh,
      now: () => new Date(),
      report: tell,
      output: { format: flags.output, write: (text) => process.stdout.write(text) },
    });
    process.exitCode = report.exitStatus;
    await pruneOld(store);
  });

interface PatchFlags extends StoreFlags {
  readonly push?: string;
  readonly plan?: boolean;
}

const patch = withStore(new Command('patch'))
  .description('Push an image with its approved patches as one layer more (exit: 0 all in, 1 not all, 2 cannot tell)')
  .option('--push <reference>', 'where the patched image goes')
  .option('--plan', 'only say what would be done')
  .action(async (image: string, flags: PatchFlags, command: Command) => {
    if (flags.plan !== true && flags.push === undefined) {
      command.error('error: say where the patched image goes with --push, or ask for the plan with --plan');
    }
    const push = flags.push === undefined ? null : parseReference(flags.push);
    const signal = stopSignal();
    const store = open(flags, signal, tell);
    const report = await patchImage({
      store,
      source: image,
      ...platformOf(flags),
      baselineFile: flags.baseline ?? null,
      push: flags.plan === true ? null : push,
      cacheDirectory: flags.cache,
      allowedHosts: flags.allowHost ?? [],
      now: () => new Date(),
      report: tell,
      signal,
    });
    process.stdout.write(printImagePatch(report, flags.output));
    process.exitCode = report.exitStatus;
    await pruneOld(store);
  });

/** `patchbay image`: container images without any server, and those that a control plane has built. */
export const imageCommand = new Command('image')
  .description(
    'Scan and patch container images without a control plane (needs root, buildah, skopeo and iproute2); show those that one has built',
  )
  .addCommand(scan)
  .addCommand(patch)
  .addCommand(imageImportCommand)
  .addCommand(imageListCommand)
  .addCommand(imageShowCommand)
  .addCommand(imageLogCommand)
  .addCommand(imageRecordCommand)
  .addCommand(imageSbomCommand);
