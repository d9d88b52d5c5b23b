import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ImageError } from './image-error.ts';
import { formatReference, parseReference, type RegistryReference } from './image-reference.ts';
import type { ImageTools } from './image-tools.ts';

/** Where an image comes from. */
export type ImageSource =
  | { readonly kind: 'registry'; readonly reference: RegistryReference }
  /** `name`: which image of several (org.opencontainers.image.ref.name, or a repository tag); null for the only one. */
  | { readonly kind: 'layout'; readonly directory: string; readonly name: string | null }
  | { readonly kind: 'oci-archive' | 'docker-archive'; readonly file: string; readonly name: string | null }
  | { readonly kind: 'root-archive'; readonly file: string }
  | { readonly kind: 'root-directory'; readonly directory: string };

const prefixes = ['oci', 'oci-archive', 'docker-archive'] as const;

/**
 * Reads what people write: a reference, `oci:DIR[:name]`, `oci-archive:FILE[:name]`, `docker-archive:FILE[:name]`, or a
 * path (with a slash or a dot in front, or one that exists): an OCI layout, an archive of an image, an archive or a
 * directory with a root file system.
 * @throws ImageError INVALID_REFERENCE, NOT_AN_IMAGE
 */
export async function readImageSource(text: string, tools: ImageTools): Promise<ImageSource> {
  if (text === '') throw new ImageError('INVALID_REFERENCE', 'The reference of the image is empty.');
  const prefix = prefixes.find((each) => text.startsWith(`${each}:`));
  if (prefix !== undefined) return readPrefixed(prefix, text.slice(prefix.length + 1));
  const isPath = /^\.{0,2}\//.test(text) || text === '.' || text === '..';
  const kind = kindOf(text);
  if (kind === null) {
    if (isPath) throw new ImageError('NOT_AN_IMAGE', `There is no file or directory ${JSON.stringify(text)}.`);
    return { kind: 'registry', reference: parseReference(text) };
  }
  const path = resolve(text);
  if (kind === 'directory') {
    return kindOf(`${path}/oci-layout`) === 'file'
      ? { kind: 'layout', directory: path, name: null }
      : { kind: 'root-directory', directory: path };
  }
  return await readArchiveKind(path, tools);
}

function readPrefixed(prefix: (typeof prefixes)[number], rest: string): ImageSource {
  // A path may hold colons; what exists as a whole is meant as a whole.
  const colon = kindOf(rest) === null ? rest.lastIndexOf(':') : -1;
  const path = resolve(colon === -1 ? rest : rest.slice(0, colon));
  const name = colon === -1 ? null : rest.slice(colon + 1);
  const kind = rest === '' ? null : kindOf(path);
  if (prefix === 'oci') {
    if (kind !== 'directory' || kindOf(`${path}/oci-layout`) !== 'file') {
      throw new ImageError('NOT_AN_IMAGE', `${path} is no OCI image layout: it has no file oci-layout.`);
    }
    return { kind: 'layout', directory: path, name };
  }
  if (kind !== 'file') throw new ImageError('NOT_AN_IMAGE', `There is no file ${path}.`);
  return { kind: prefix, file: path, name };
}

async function readArchiveKind(file: string, tools: ImageTools): Promise<ImageSource> {
  const marks = ['oci-layout', './oci-layout', 'manifest.json', './manifest.json'];
  const listed = await tools.tryRun('tar', ['--list', '--file', file]);
  if (listed.exitCode !== 0) {
    throw new ImageError('NOT_AN_IMAGE', `${file} is no tar archive: ${lastLine(listed.stderr)}`);
  }
  const names = new Set(listed.stdout.split('\n'));
  const found = marks.find((mark) => names.has(mark));
  if (found === undefined) return { kind: 'root-archive', file };
  return { kind: found.endsWith('oci-layout') ? 'oci-archive' : 'docker-archive', file, name: null };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) || 'tar cannot read it';
}

function kindOf(path: string): 'file' | 'directory' | null {
  const status = statSync(path, { throwIfNoEntry: false });
  return status?.isDirectory() === true ? 'directory' : status?.isFile() === true ? 'file' : null;
}

/** A source in one line, for reports and annotations. */
export function describeSource(source: ImageSource): string {
  switch (source.kind) {
    case 'registry':
      return formatReference(source.reference);
    case 'layout':
      return `oci:${source.directory}${source.name === null ? '' : `:${source.name}`}`;
    case 'oci-archive':
    case 'docker-archive':
      return `${source.kind}:${source.file}${source.name === null ? '' : `:${source.name}`}`;
    case 'root-archive':
      return source.file;
    case 'root-directory':
      return source.directory;
  }
}
