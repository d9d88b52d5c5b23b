import { setGlobalProxyFromEnv } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { readProxyVariables, trustSystemAuthorities } from '../client/index.ts';
import { ImageError } from './image-error.ts';
import { type Descriptor, digestOf, ImageIndex, mediaTypes } from './image-manifest.ts';
import { formatReference, isLoopbackRegistry, type RegistryReference } from './image-reference.ts';
import { readCredentials } from './registry-credentials.ts';

export interface RegistryAccess {
  /** As docker login writes it; null: no credentials. */
  readonly authFile: string | null;
  /** Registries beside those of this machine that are spoken to by plain HTTP. */
  readonly plainHttpRegistries?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface FoundManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly digest: string;
}

export interface ArtifactBlob {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One repository of a registry (OCI distribution specification): what skopeo and buildah do not do. */
export interface RegistryClient {
  ping(): Promise<void>;
  /** Without those of the fallback for referrers. */
  listTags(): Promise<string[]>;
  /** The digest of a manifest; null where there is none. */
  headManifest(reference: string): Promise<string | null>;
  /** Checked against its digest; null where there is none. */
  getManifest(reference: string): Promise<FoundManifest | null>;
  /** False where there was none. */
  deleteManifest(digest: string): Promise<boolean>;
  /** What refers to a manifest: bills of materials, signatures. */
  listReferrers(digest: string): Promise<Descriptor[]>;
  /** Attaches blobs to a manifest as one artifact and answers its digest. The same again changes nothing. */
  putArtifact(
    subject: Descriptor,
    artifactType: string,
    blobs: readonly ArtifactBlob[],
    annotations?: Readonly<Record<string, string>>,
  ): Promise<string>;
  getBlob(digest: string): Promise<Uint8Array | null>;
}

const acceptedManifests = [
  mediaTypes.manifest,
  mediaTypes.index,
  mediaTypes.dockerManifest,
  mediaTypes.dockerList,
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
].join(', ');
const attempts = 4;
const timeoutMilliseconds = 60_000;
/** Distribution specification, "Referrers Tag Schema". */
const fallbackTag = /^sha256-[0-9a-f]{64}(?:\..*)?$/;

export function openRegistryClient(
  { registry, repository }: Pick<RegistryReference, 'registry' | 'repository'>,
  access: RegistryAccess,
): RegistryClient {
  const isPlain = isPlainHttp(registry, access);
  const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
  const base = `${isPlain ? 'http' : 'https'}://${host}/v2/`;
  const inRepository = `${base}${repository}/`;
  const name = `${registry}/${repository}`;
  let authorization: string | null = null;

  async function send(method: string, url: string, options: SendOptions = {}): Promise<Response> {
    let response = await sendOnce(method, url, options);
    if (response.status === 401) {
      await response.body?.cancel();
      authorization = await authorize(response.headers.get('www-authenticate') ?? '');
      if (authorization !== null) response = await sendOnce(method, url, options);
    }
    if (response.status === 401 || response.status === 403) {
      await response.body?.cancel();
      throw new ImageError(
        'UNAUTHORIZED',
        `${name} refuses access (${response.status}): check the credentials for ${registry}.`,
      );
    }
    return response;
  }

  async function sendOnce(method: string, url: string, { headers = {}, body }: SendOptions): Promise<Response> {
    // An upload may go on at another host (a store of objects); credentials are for the registry alone.
    const isOwn = new URL(url).host === new URL(base).host;
    const init: RequestInit = {
      method,
      headers: { ...headers, ...(authorization === null || !isOwn ? {} : { authorization }) },
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    };
    return await fetchPatiently(url, init, registry, access.signal);
  }

  async function authorize(challenge: string): Promise<string | null> {
    const credentials = await readCredentials(access.authFile, registry, repository);
    const basic =
      credentials && `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
    if (/^basic /i.test(challenge)) return basic;
    if (!/^bearer /i.test(challenge)) return null;
    const field = (key: string) => new RegExp(`${key}="([^"]*)"`).exec(challenge)?.[1];
    const realm = field('realm');
    if (realm === undefined || !URL.canParse(realm)) return null;
    const url = new URL(realm);
    if (url.protocol !== 'https:' && !isPlain) return null;
    url.searchParams.set('service', field('service') ?? '');
    url.searchParams.set('scope', field('scope') ?? `repository:${repository}:pull,push`);
    const response = await fetchPatiently(
      url.href,
      basic === null ? {} : { headers: { authorization: basic } },
      registry,
      access.signal,
    );
    if (!response.ok) {
      await response.body?.cancel();
      return null;
    }
    const Token = z.looseObject({ token: z.string().optional(), access_token: z.string().optional() });
    const { token, access_token: accessToken } = Token.parse(await response.json());
    return `Bearer ${token ?? accessToken ?? ''}`;
  }

  async function expect(response: Response, what: string, ...statuses: number[]): Promise<Response> {
    if (statuses.includes(response.status)) return response;
    throw new ImageError(
      'REGISTRY_REFUSED',
      `${name}: ${what} was answered with ${response.status}${await readErrors(response)}`,
    );
  }

  const getManifest: RegistryClient['getManifest'] = async (reference) => {
    const url = `${inRepository}manifests/${reference}`;
    const response = await send('GET', url, { headers: { accept: acceptedManifests } });
    if (response.status === 404) {
      await response.body?.cancel();
      return null;
    }
    await expect(response, `the manifest ${reference}`, 200);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const digest = digestOf(bytes);
    if (reference.startsWith('sha256:') && reference !== digest) {
      throw new ImageError('REGISTRY_REFUSED', `${name}: what came as ${reference} is ${digest}.`);
    }
    const mediaType = (response.headers.get('content-type') ?? '').split(';')[0]?.trim() ?? '';
    return { bytes, mediaType, digest };
  };

  async function putBlob(bytes: Uint8Array): Promise<void> {
    const digest = digestOf(bytes);
    const known = await send('HEAD', `${inRepository}blobs/${digest}`);
    if (known.status === 200) return;
    const begun = await expect(await send('POST', `${inRepository}blobs/uploads/`), 'an upload', 202);
    const location = new URL(begun.headers.get('location') ?? '', `${inRepository}blobs/uploads/`);
    location.searchParams.set('digest', digest);
    const headers = { 'content-type': 'application/octet-stream' };
    const done = await send('PUT', location.href, { headers, body: bytes });
    await (await expect(done, 'a blob', 201)).body?.cancel();
  }

  async function putManifest(reference: string, mediaType: string, bytes: Uint8Array): Promise<Response> {
    const url = `${inRepository}manifests/${reference}`;
    const response = await send('PUT', url, { headers: { 'content-type': mediaType }, body: bytes });
    return await expect(response, `the manifest ${reference}`, 201);
  }

  const listReferrers: RegistryClient['listReferrers'] = async (digest) => {
    const response = await send('GET', `${inRepository}referrers/${digest}`);
    if (response.status === 200) return ImageIndex.parse(await response.json()).manifests;
    await response.body?.cancel();
    const fallback = await getManifest(digest.replace(':', '-'));
    return fallback === null
      ? []
      : ImageIndex.parse(JSON.parse(Buffer.from(fallback.bytes).toString('utf8'))).manifests;
  };

  return {
    getManifest,
    listReferrers,
    async ping() {
      await (await expect(await send('GET', base), 'a ping', 200)).body?.cancel();
    },
    async listTags() {
      const tags: string[] = [];
      let next: string | null = `${inRepository}tags/list`;
      while (next !== null) {
        const response: Response = await send('GET', next);
        if (response.status === 404) return [];
        await expect(response, 'the list of tags', 200);
        const page = z.looseObject({ tags: z.array(z.string()).nullish() }).parse(await response.json());
        tags.push(...(page.tags ?? []));
        const link = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
        next = link === undefined ? null : new URL(link, next).href;
      }
      return tags.filter((tag) => !fallbackTag.test(tag));
    },
    async headManifest(reference) {
      const url = `${inRepository}manifests/${reference}`;
      const response = await send('HEAD', url, { headers: { accept: acceptedManifests } });
      if (response.status === 404) return null;
      await expect(response, `the manifest ${reference}`, 200);
      return response.headers.get('docker-content-digest') ?? (await getManifest(reference))?.digest ?? null;
    },
    async deleteManifest(digest) {
      const response = await send('DELETE', `${inRepository}manifests/${digest}`);
      await response.body?.cancel();
      if (response.status === 404) return false;
      await expect(response, `the deletion of ${digest}`, 202, 200);
      return true;
    },
    async getBlob(digest) {
      const response = await send('GET', `${inRepository}blobs/${digest}`);
      if (response.status === 404) return null;
      await expect(response, `the blob ${digest}`, 200);
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (digestOf(bytes) === digest) return bytes;
      throw new ImageError('REGISTRY_REFUSED', `${name}: what came as ${digest} is something else.`);
    },
    async putArtifact(subject, artifactType, blobs, annotations = {}) {
      const empty = Buffer.from('{}');
      for (const bytes of [empty, ...blobs.map((blob) => blob.bytes)]) await putBlob(bytes);
      const manifest = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: mediaTypes.manifest,
          artifactType,
          config: { mediaType: mediaTypes.empty, digest: digestOf(empty), size: empty.length },
          layers: blobs.map(({ mediaType, bytes, annotations: own }) => ({
            mediaType,
            digest: digestOf(bytes),
            size: bytes.length,
            ...(own === undefined ? {} : { annotations: own }),
          })),
          subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
          annotations,
        }),
      );
      const digest = digestOf(manifest);
      const response = await putManifest(digest, mediaTypes.manifest, manifest);
      // A registry that knows referrers says so (distribution specification, "Pushing Manifests with Subject").
      if (response.headers.get('oci-subject') !== null) return digest;
      const others = (await listReferrers(subject.digest)).filter((each) => each.digest !== digest);
      const own = { mediaType: mediaTypes.manifest, digest, size: manifest.length, artifactType, annotations };
      const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...others, own] };
      await putManifest(subject.digest.replace(':', '-'), mediaTypes.index, Buffer.from(JSON.stringify(index)));
      return digest;
    },
  };
}

interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export function isPlainHttp(registry: string, { plainHttpRegistries = [] }: RegistryAccess): boolean {
  return isLoopbackRegistry(registry) || plainHttpRegistries.includes(registry);
}

/** A registry that does not answer, or says that it cannot now, is asked again a few times. */
async function fetchPatiently(
  url: string,
  init: RequestInit,
  registry: string,
  signal?: AbortSignal,
): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await fetchOnce(url, init, signal);
    const isAnswer = outcome instanceof Response;
    if (!isAnswer && untrustedCodes.has(String(Object(outcome).code))) {
      throw new ImageError(
        'REGISTRY_UNREACHABLE',
        `The certificate of the registry ${registry} is of an authority that this machine does not trust (${Object(outcome).code}): install the authority with update-ca-certificates, or name its file in the variable NODE_EXTRA_CA_CERTS.`,
        { cause: outcome },
      );
    }
    if (isAnswer && outcome.status !== 429 && outcome.status < 500) return outcome;
    if (signal?.aborted === true) throw new ImageError('CANCELLED', 'The work with the registry was cancelled.');
    if (attempt === attempts) {
      if (isAnswer) return outcome;
      throw new ImageError('REGISTRY_UNREACHABLE', `The registry ${registry} cannot be reached: ${outcome.message}`, {
        cause: outcome,
      });
    }
    if (isAnswer) await outcome.body?.cancel();
    await delay(250 * 2 ** (attempt - 1), undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}

/** Of OpenSSL's verification, as Node names them. */
const untrustedCodes: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

let followsProxies = false;

/** fetch follows the proxies of the environment only when told so, and then for the whole process. Never to this machine. */
function followProxies(): void {
  if (followsProxies) return;
  followsProxies = true;
  const { no_proxy: exceptions = '', ...proxies } = readProxyVariables(process.env);
  if (Object.keys(proxies).length === 0) return;
  setGlobalProxyFromEnv({
    ...proxies,
    no_proxy: [exceptions, 'localhost', '127.0.0.1', '[::1]'].filter(Boolean).join(','),
  });
}

async function fetchOnce(url: string, init: RequestInit, signal?: AbortSignal): Promise<Response | Error> {
  followProxies();
  // As skopeo does.
  if (url.startsWith('https:')) trustSystemAuthorities();
  const limit = AbortSignal.timeout(timeoutMilliseconds);
  try {
    return await fetch(url, { ...init, signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error.cause instanceof Error ? error.cause : error;
  }
}

/** The registry's own words (distribution specification, "Error Codes"). */
async function readErrors(response: Response): Promise<string> {
  const Errors = z.looseObject({
    errors: z.array(z.looseObject({ code: z.string(), message: z.string().optional() })),
  });
  const parsed = Errors.safeParse(await response.json().catch(() => null));
  if (!parsed.success) return '';
  return `: ${parsed.data.errors.map(({ code, message }) => message ?? code).join('; ')}`;
}

/** What to ask a registry for. */
export function tagOrDigest({ tag, digest }: RegistryReference): string {
  return digest ?? tag ?? 'latest';
}

/** @throws ImageError IMAGE_NOT_FOUND */
export async function requireManifest(client: RegistryClient, reference: RegistryReference): Promise<FoundManifest> {
  const found = await client.getManifest(tagOrDigest(reference));
  if (found !== null) return found;
  throw new ImageError('IMAGE_NOT_FOUND', `There is no image ${formatReference(reference)}.`);
}
