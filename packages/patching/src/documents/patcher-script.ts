/** One package of our agent, which has the patcher in it. */
export interface PatcherPackage {
  readonly fileName: string;
  /** Debian's name: `amd64`, `arm64`. */
  readonly architecture: string;
  /** Hex digits. */
  readonly sha256: string;
}

export interface PatcherSource {
  /** Scheme and host of the control plane as the node knows it. */
  readonly origin: string;
  /** One for each architecture. */
  readonly packages: readonly PatcherPackage[];
  /** What to do, in characters that mean nothing to a shell. */
  readonly order: string;
}

/** Below it the fetched patcher is kept, and what it has to remember. */
export const fetchedPatcherDirectory = '/var/lib/patchbay-patcher';

/**
 * A script that brings the patcher to a node whose agent lacks one, and runs it once. It takes a package for genuine by
 * the digest that stands in the script itself; the patcher then holds it against the release key's signature. What it
 * uses is on every Debian machine: apt fetches, so a package comes the way that others come.
 */
export function writePatcherScript({ origin, packages, order }: PatcherSource): string[] {
  if (packages.length === 0) return refuseScript(missingPackage('no patcher'));
  return [
    '#!/bin/sh',
    'set -eu',
    'umask 077',
    'refuse() { echo "Nothing was scanned or installed: $1" >&2; exit 1; }',
    `origin=${quote(origin)}`,
    `order=${quote(order)}`,
    `state=${quote(fetchedPatcherDirectory)}`,
    '[ "$(id -u)" = 0 ] || refuse "the patcher needs root, and the agent of this node does not run as root."',
    'architecture=$(dpkg --print-architecture) || refuse "there is no dpkg here; Patchbay patches Debian and its kin."',
    'case $architecture in',
    ...packages.map(
      (each) => `  ${quote(each.architecture)}) name=${quote(each.fileName)} sha256=${quote(each.sha256)} ;;`,
    ),
    `  *) refuse ${quote(missingPackage('no patcher for this architecture'))} ;;`,
    'esac',
    'programs=$state/programs/$sha256',
    'authorities=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}',
    '[ -e "$authorities" ] || authorities=',
    'if [ ! -e "$programs" ]; then',
    '  mkdir -p "$state/programs"',
    '  find "$state/programs" -mindepth 1 -maxdepth 1 -mtime +60 -exec rm -rf {} +',
    '  new=$(mktemp -d "$state/programs/new.XXXXXXXX")',
    '  trap \'rm -rf "$new"\' EXIT',
    '  proxy=${https_proxy:-${HTTPS_PROXY:-DIRECT}}',
    '  /usr/lib/apt/apt-helper -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 -o Acquire::http::Proxy=DIRECT \\',
    '    -o "Acquire::https::Proxy=$proxy" ${authorities:+-o "Acquire::https::CaInfo=$authorities"} \\',
    '    download-file "$origin/agent/$name" "$new/package.deb" "SHA256:$sha256" >&2 ||',
    '    refuse "the patcher could not be fetched from $origin/agent/$name, or is not the one that the control plane named."',
    '  echo "$sha256  $new/package.deb" | sha256sum --check --status ||',
    '    refuse "$origin/agent/$name is not the package that the control plane named."',
    '  dpkg-deb --extract "$new/package.deb" "$new/files" || refuse "the package of the patcher cannot be unpacked."',
    '  mv -T "$new/files" "$programs" 2>/dev/null || [ -e "$programs" ]',
    '  rm -rf "$new"',
    '  trap - EXIT',
    'fi',
    'touch "$programs"',
    '[ -z "$authorities" ] || export NODE_EXTRA_CA_CERTS="$authorities"',
    'library=$programs/usr/lib/patchbay-agent',
    'exec "$library/node" "$library/agent.mjs" patch "$order" "$sha256"',
  ];
}

/** A script that only says why it does nothing. */
export function refuseScript(reason: string): string[] {
  return ['#!/bin/sh', `echo ${quote(reason)} >&2`, 'exit 1'];
}

function missingPackage(lack: string): string {
  return `The control plane has ${lack}. Build it there: ./patchbay agent-package build [--architecture NAME]. Or enrol this node with Patchbay's own agent.`;
}

/** As one word of sh, whatever is in it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
