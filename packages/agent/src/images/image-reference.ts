import { ImageError } from './image-error.ts';

/** An image in a registry: `host[:port]/name[:tag][@digest]`. */
export interface RegistryReference {
  /** Host and port as written. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
}

const digestPattern = /^sha256:[0-9a-f]{64}$/;
/** The grammar of the OCI distribution specification, "Pulling manifests". */
const componentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const hostPattern = /^(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::(\d{1,5}))?$/;

/**
 * Reads a reference. The registry has to be named: which one a bare `debian:12` means differs from machine to machine.
 * @throws ImageError INVALID_REFERENCE
 */
export function parseReference(text: string): RegistryReference {
  const refuse = (problem: string) =>
    new ImageError('INVALID_REFERENCE', `${JSON.stringify(text)} is no reference of an image: ${problem}`);
  const plain = text.startsWith('docker://') ? text.slice('docker://'.length) : text;
  const slash = plain.indexOf('/');
  const registry = plain.slice(0, Math.max(slash, 0));
  const isHost = registry === 'localhost' || /[.:]/.test(registry);
  if (slash === -1 || !isHost) {
    throw refuse(`name the registry too, as in docker.io/library/${plain || 'debian:12'}`);
  }
  const port = hostPattern.exec(registry);
  if (port === null || Number(port[1] ?? 1) > 65_535) throw refuse(`${JSON.stringify(registry)} is no host[:port]`);
  let rest = plain.slice(slash + 1);
  let digest: string | null = null;
  const at = rest.indexOf('@');
  if (at !== -1) {
    digest = rest.slice(at + 1);
    rest = rest.slice(0, at);
    if (!digestPattern.test(digest)) throw refuse('its digest is not sha256: and 64 hexadecimal digits');
  }
  let tag: string | null = null;
  const colon = rest.indexOf(':');
  if (colon !== -1) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
    if (!tagPattern.test(tag)) throw refuse(`${JSON.stringify(tag)} is no tag`);
  }
  if (rest.length > 255 || !rest.split('/').every((component) => componentPattern.test(component))) {
    throw refuse(`${JSON.stringify(rest)} is no name: lower-case letters, digits and . _ - between them`);
  }
  const isHubOfficial = registry === 'docker.io' && !rest.includes('/');
  return { registry, repository: isHubOfficial ? `library/${rest}` : rest, tag, digest };
}

/** `host/name:tag`, `host/name@digest` or both; `latest` where neither is given. */
export function formatReference({ registry, repository, tag, digest }: RegistryReference): string {
  const tagged = tag === null ? (digest === null ? ':latest' : '') : `:${tag}`;
  return `${registry}/${repository}${tagged}${digest === null ? '' : `@${digest}`}`;
}

/** Whether a registry is on this machine: plain HTTP goes to nobody else then. */
export function isLoopbackRegistry(registry: string): boolean {
  const host = registry.replace(/:\d+$/, '');
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
