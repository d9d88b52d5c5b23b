/**
 * What the actions on files do, run inside the root: so no link, no `..` and no absolute path leads out of it. Parameters:
 * the action, then its texts; nothing of them is ever read as shell text. Paths are absolute; `pattern` is the last part of
 * a path with wildcards, as `case` takes it, or empty.
 *
 * Only regular files are read and written: a FIFO would wait for ever, and a device is no file of an image.
 */
export const fileScript = `set -u
umask 022
fail() { printf '%s\\n' "$1" >&2; exit 1; }
# What a tool says is the reason; it has said it already.
try() { "$@" || exit 1; }
is_there() { [ -e "$1" ] || [ -L "$1" ]; }
require_file() {
  [ ! -f "$1" ] || return 0
  [ ! -d "$1" ] || fail "$1 is a folder"
  [ ! -e "$1" ] || fail "$1 is no regular file"
  fail "$1 does not exist"
}
require_folder() {
  [ ! -d "$1" ] || return 0
  is_there "$1" || fail "$1 does not exist"
  fail "$1 is no folder"
}
# Whether a file may be written there: path, overwrite.
require_place() {
  [ ! -d "$1" ] || fail "$1 is a folder"
  is_there "$1" || return 0
  [ "$2" = true ] || fail "$1 is there already, and overwrite is false"
  [ ! -e "$1" ] || [ -f "$1" ] || fail "$1 is no regular file"
}
make_parent() { try mkdir -p -- "\${1%/*}/"; }
# Path, owner, group, options. Without a group it is the one that the owner belongs to, where the root knows it.
set_owner() {
  path=$1 owner=$2 group=$3
  shift 3
  if [ -n "$owner" ] && [ -z "$group" ]; then group=$(id -gn -- "$owner" 2>/dev/null) || group=; fi
  [ -z "$owner$group" ] || try chown "$@" -- "$owner\${group:+:$group}" "$path"
}
set_mode() {
  path=$1 mode=$2
  shift 2
  [ -z "$mode" ] || try chmod "$@" -- "$mode" "$path"
}
# Where something goes: destination, source. A destination that ends in / is the folder that takes it.
target_of() { case $1 in */) printf '%s_' "$1\${2##*/}" ;; *) printf '%s_' "$1" ;; esac; }
# Source, pattern, file or folder, then a function with its first parameters; it gets each path that is meant.
for_each() {
  source=$1 pattern=$2 kind=$3
  shift 3
  if [ -z "$pattern" ]; then
    "$@" "$source"
    return 0
  fi
  folder=\${source%/*} found=no
  require_folder "$folder/"
  for each in "$folder"/* "$folder"/.[!.]* "$folder"/..?*; do
    is_there "$each" || continue
    case \${each##*/} in $pattern) ;; *) continue ;; esac
    case $kind in
      file) [ ! -d "$each" ] || [ -L "$each" ] || continue ;;
      folder) [ -d "$each" ] || continue ;;
    esac
    found=yes
    "$@" "$each"
  done
  return 0
}
require_match() { [ "$found" = yes ] || fail "nothing matches $1"; }
copy_file() {
  require_file "$3"
  target=$(target_of "$1" "$3") target=\${target%_}
  require_place "$target" "$2"
  make_parent "$target"
  try cp -- "$3" "$target"
}
move_file() {
  [ -L "$3" ] || require_file "$3"
  target=$(target_of "$1" "$3") target=\${target%_}
  require_place "$target" "$2"
  make_parent "$target"
  try mv -f -T -- "$3" "$target"
}
# Destination, overwrite, source: what is in the folder already stays, except where the source has something of the name.
copy_folder() {
  require_folder "$3"
  target=$(target_of "$1" "$3") target=\${target%_}
  if is_there "$target"; then
    [ -d "$target" ] || fail "$target is no folder"
    [ "$2" = true ] || fail "$target is there already, and overwrite is false"
  fi
  try mkdir -p -- "$target/"
  try cp -a -- "$3/." "$target/"
}
move_folder() {
  require_folder "$3"
  target=$(target_of "$1" "$3") target=\${target%_}
  if is_there "$target"; then
    copy_folder "$1" "$2" "$3"
    try rm -rf -- "$3"
  else
    make_parent "$target"
    try mv -T -- "$3" "$target"
  fi
}
delete_file() {
  [ ! -d "$1" ] || [ -L "$1" ] || fail "$1 is a folder"
  is_there "$1" || fail "$1 does not exist"
  try rm -f -- "$1"
}
action=$1
shift
case $action in
  CreateFile) # path, file with the content, overwrite, owner, group, permissions
    require_place "$1" "$3"
    make_parent "$1"
    # Until it has its own permissions, nobody else shall read it.
    [ -z "$6" ] || umask 077
    cat "$2" >"$1" || exit 1
    set_owner "$1" "$4" "$5"
    set_mode "$1" "$6"
    ;;
  CreateFolder) # path, overwrite, owner, group, permissions
    if is_there "$1"; then
      [ -d "$1" ] || fail "$1 is no folder"
      [ "$2" = true ] || fail "$1 is there already, and overwrite is false"
    fi
    try mkdir -p -- "$1/"
    set_owner "$1" "$3" "$4"
    set_mode "$1" "$5"
    ;;
  AppendFile) # path, file with the content
    require_file "$1"
    cat "$2" >>"$1" || exit 1
    ;;
  ReplaceContent) # path, file with the content
    require_file "$1"
    cat "$2" >"$1" || exit 1
    ;;
  ReadFile) # path, most bytes
    require_file "$1"
    head -c "$2" "$1" | base64 -w 0
    ;;
  CopyFile) for_each "$1" "$2" file copy_file "$3" "$4" && { [ -z "$2" ] || require_match "$1"; } ;;
  MoveFile) for_each "$1" "$2" file move_file "$3" "$4" && { [ -z "$2" ] || require_match "$1"; } ;;
  CopyFolder) for_each "$1" "$2" folder copy_folder "$3" "$4" && { [ -z "$2" ] || require_match "$1"; } ;;
  MoveFolder) for_each "$1" "$2" folder move_folder "$3" "$4" && { [ -z "$2" ] || require_match "$1"; } ;;
  DeleteFile) for_each "$1" "$2" file delete_file ;;
  DeleteFolder) # path, force
    [ ! -L "$1" ] || fail "$1 is a link"
    [ ! "$1" -ef / ] || fail "$1 is the root itself"
    require_folder "$1"
    if [ "$2" = true ]; then try rm -rf -- "$1"; else try rmdir -- "$1"; fi
    ;;
  CreateSymlink) # path, target, force
    if [ -L "$1" ]; then
      [ "$3" = true ] || fail "$1 is there already, and force is false"
    elif [ -e "$1" ]; then
      fail "$1 is there already and is no link"
    fi
    case $2 in /*) target=$2 ;; *) target=\${1%/*}/$2 ;; esac
    [ -e "$target" ] || fail "the target $target does not exist"
    make_parent "$1"
    try ln -s -f -n -- "$2" "$1"
    ;;
  ListFiles) # path, recursive, pattern of find
    require_folder "$1"
    depth=1
    [ "$2" = false ] || depth=1000000
    find "$1/" -maxdepth "$depth" -xtype f -name "$3" -print0
    ;;
  SetFileOwner) # path, owner, group
    require_file "$1"
    set_owner "$1" "$2" "$3"
    ;;
  SetFolderOwner) # path, owner, group, recursive
    require_folder "$1"
    if [ "$4" = true ]; then set_owner "$1/" "$2" "$3" -R; else set_owner "$1" "$2" "$3"; fi
    ;;
  SetFilePermissions) # path, permissions
    require_file "$1"
    set_mode "$1" "$2"
    ;;
  SetFolderPermissions) # path, permissions, recursive
    require_folder "$1"
    if [ "$3" = true ]; then set_mode "$1/" "$2" -R; else set_mode "$1" "$2"; fi
    ;;
  RequirePlace) # path, overwrite
    require_place "$1" "$2"
    ;;
  Place) # a file of ours, path, overwrite
    require_place "$2" "$3"
    make_parent "$2"
    # Into the file that is there, so that its owner and permissions stay.
    cat "$1" >"$2" || exit 1
    ;;
  *) fail "there is no action $action" ;;
esac
`;
