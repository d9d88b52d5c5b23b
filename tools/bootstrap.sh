# Sourced by ./patchbay and ./check. Leaves $node (the pinned Node) and $root (the repository) set.
# What it fetches is named in two lock files, whose hashes npm verifies.

root=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")" && pwd -P)

say() { printf '%s\n' "$*" >&2; }
die() { say "patchbay: $*"; exit 1; }

case $(uname -m) in
  x86_64) platform=linux-x64 ;;
  aarch64) platform=linux-arm64 ;;
  *) die "there is no pinned Node for $(uname -m); Patchbay runs on x86_64 and aarch64 Linux" ;;
esac
node=$root/tools/toolchain/node_modules/node-$platform/bin/node
npm=$root/tools/toolchain/node_modules/npm/bin/npm-cli.js
stamp=$root/node_modules/.patchbay-setup

usable_node() {
  command -v node >/dev/null && command -v npm >/dev/null &&
    [ "$(node -p 'Number(process.versions.node.split(".")[0]) >= 18' 2>/dev/null)" = true ]
}

# install_debian_packages NAME...: installs what is missing of them, and says so. Only demo and check call it.
install_debian_packages() {
  missing=
  for name in "$@"; do
    # shellcheck disable=SC2016 # a dpkg-query format, not a variable
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing="$missing $name"
  done
  [ -n "$missing" ] || return 0
  [ "$(id -u)" = 0 ] || die "these Debian packages are needed, and only root can install them:$missing"
  say "Set-up: installing Debian packages:$missing"
  began=$(date +%s)
  # Another source of the machine may be out of order; what counts is whether the packages can be had.
  apt-get update -qq >/dev/null 2>&1 || true
  # shellcheck disable=SC2086 # a list of names
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing </dev/null >/dev/null 2>"$root/.apt-errors" || {
    cat "$root/.apt-errors" >&2
    rm -f "$root/.apt-errors"
    die "apt could not install:$missing"
  }
  rm -f "$root/.apt-errors"
  say "Set-up: Debian packages installed in $(($(date +%s) - began)) s"
}

wanted_stamp() { cksum "$root/package-lock.json" "$root/tools/toolchain/package-lock.json" | cut -d' ' -f1,2 | tr '\n' ' '; }

# set_up install|tell: fetches the pinned Node and the npm packages where they are not there yet.
set_up() {
  [ -x "$node" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(wanted_stamp)" ] && return 0
  [ -w "$root" ] || die "the packages in $root are not set up, and this user may not write there: run ./patchbay once as its owner"
  if ! [ -x "$node" ] && ! usable_node; then
    if command -v node >/dev/null && ! command -v npm >/dev/null; then
      die "there is a Node here, but no npm: install npm beside it (Debian: apt-get install npm) and try again"
    fi
    [ "$1" = install ] || die "Node 18 or later with npm is needed once, to fetch the pinned one: apt-get install nodejs npm (./patchbay demo does it by itself)"
    install_debian_packages nodejs npm
  fi
  (
    flock 9
    [ -x "$node" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(wanted_stamp)" ] && exit 0
    began=$(date +%s)
    say "Set-up: fetching the pinned Node and the npm packages (once)"
    if ! [ -x "$node" ] || [ "$(cat "$stamp" 2>/dev/null)" != "$(wanted_stamp)" ]; then
      (cd "$root/tools/toolchain" && if [ -x "$node" ] && [ -f "$npm" ]; then "$node" "$npm" ls >/dev/null 2>&1 || "$node" "$npm" ci --loglevel=error; else npm ci --loglevel=error; fi) >&2 ||
        die "npm could not fetch the pinned Node"
    fi
    # Not `npm ci`: it insists on lock entries for every platform a package was ever built for. `--no-save` installs
    # what the lock file names, verifies its hashes, and leaves the file alone.
    (cd "$root" && PATH=$(dirname "$node"):$PATH "$node" "$npm" install --no-save --loglevel=error) >&2 ||
      die "npm could not fetch the packages"
    wanted_stamp >"$stamp"
    say "Set-up: done in $(($(date +%s) - began)) s"
  ) 9>"$root/tools/toolchain/.lock" || exit 1
}
