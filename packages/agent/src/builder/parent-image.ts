import { basename } from 'node:path';
import type { ParentImage } from '@patchbay/contracts';
import { type ImageStore, ownPlatform, parseReference, type StoredImage } from '../images/index.ts';
import type { Machine } from '../machine/index.ts';
import type { DebianArchives } from '../network/index.ts';
import { obtainBaseImage } from './base-image.ts';
import type { BuildReport } from './build-report.ts';
import { readOfferedImage } from './offered-image.ts';
import type { InTurn } from './take-turns.ts';

/** What an image is built on. */
export interface Parent {
  readonly image: StoredImage;
  readonly reference: string;
  /** Of a base image: `12.15.20260711`. */
  readonly version: string | null;
  /** When what is in it was made, as far as that can be told. */
  readonly timestamp: Date;
}

export interface ParentParts {
  readonly store: ImageStore;
  readonly host: Pick<Machine, 'run'>;
  readonly archives: () => Promise<DebianArchives>;
  readonly keyring: string;
  readonly baseImageDirectory: string;
  /** As `BuilderSettings` has it. */
  readonly parentImageDirectory: string | null;
  /** One base image is made at a time: apt's lists and unfinished files are the same for all slots. */
  readonly inTurn: InTurn;
  readonly report: BuildReport;
  readonly signal: AbortSignal;
}

/** From a registry, whatever else the reference could name on this machine. @throws ImageError */
export async function pullParent(
  reference: string,
  { store, report }: Pick<ParentParts, 'store' | 'report'>,
): Promise<Parent> {
  const image = await store.pull({ kind: 'registry', reference: parseReference(reference) });
  return describeParent(image, reference, report);
}

function describeParent(image: StoredImage, reference: string, report: BuildReport): Parent {
  report.say(`The image ${reference} is ${image.digest}`);
  const created = Date.parse(image.config.created ?? '');
  return { image, reference, version: null, timestamp: new Date(Number.isNaN(created) ? 0 : created) };
}

/** @throws BuilderError, ImageError */
export async function obtainParent(parent: ParentImage, parts: ParentParts): Promise<Parent> {
  const { store, signal } = parts;
  if (parent.kind === 'reference') {
    return await pullParent(parent.reference, parts);
  }
  if (parent.kind === 'builder') {
    const { reference, source } = await readOfferedImage(parent, parts);
    return describeParent(await store.pull(source), reference, parts.report);
  }
  const archives = await parts.archives();
  const base = await parts.inTurn(
    () =>
      obtainBaseImage({
        name: parent.name,
        archives,
        keyring: parts.keyring,
        directory: parts.baseImageDirectory,
        host: parts.host,
        signal,
        report: (line) => parts.report.say(line),
      }),
    signal,
  );
  const image = await store.importRoot(base.file, {
    platform: ownPlatform(),
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['/bin/bash'] },
    created: base.timestamp,
    name: `${base.name}:${base.version}`,
    contentKey: basename(base.file),
    isUnpacked: true,
  });
  return {
    image,
    reference: `${base.name}/${base.version}`,
    version: base.version,
    timestamp: new Date(base.timestamp),
  };
}
