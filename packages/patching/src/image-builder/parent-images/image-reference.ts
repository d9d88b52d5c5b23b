/** An image in a registry, as Docker writes it (distribution reference grammar): `debian:12`, `registry:5000/team/app@sha256:…`. */
export interface ImageReference {
  /** Null where the text names none, which to Docker is its own hub. */
  readonly registry: string | null;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
}

const PATH = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const REGISTRY = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:.]+\\])(?::[0-9]{1,5})?$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Docker's limit of the registry and the path together. */
const mostNameCharacters = 255;

/** Reads a reference; null for what is none. */
export function parseImageReference(text: string): ImageReference | null {
  const at = text.indexOf('@');
  const digest = at === -1 ? null : text.slice(at + 1);
  const named = at === -1 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/');
  const tag = hasTag ? named.slice(colon + 1) : null;
  const name = hasTag ? named.slice(0, colon) : named;
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  // A first part that could be no repository's is a registry: it has a dot or a port, or is this machine.
  const hasRegistry = slash !== -1 && (/[.:[]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const repository = hasRegistry ? name.slice(slash + 1) : name;
  const isValid =
    name.length <= mostNameCharacters &&
    PATH.test(repository) &&
    (!hasRegistry || REGISTRY.test(first)) &&
    (tag === null || TAG.test(tag)) &&
    (digest === null || DIGEST.test(digest));
  return isValid ? { registry: hasRegistry ? first : null, repository, tag, digest } : null;
}
