/**
 * Shell texts that run as root before a command, with the host's programs only: nothing of the root file system is
 * executed before its capabilities are gone. Descriptor 3 is told `ready` when the way in is made.
 */

/** What container engines leave to root by default, without mknod and raw sockets; apt, dpkg and postinst scripts live with it. */
export const keptCapabilities = [
  'chown',
  'dac_override',
  'fowner',
  'fsetid',
  'kill',
  'setgid',
  'setuid',
  'setpcap',
  'net_bind_service',
  'sys_chroot',
  'audit_write',
  'setfcap',
] as const;

export const boundingSet: string = ['-all', ...keptCapabilities.map((name) => `+${name}`)].join(',');

/** First line of a file that is lent to a root while a command runs. Whoever finds it without a command may remove it. */
const lentMark = '# Lent by Patchbay while a command runs.';

/**
 * Parameters: root, `ro` or `rw`, work directory, capabilities, the directory for /tmp (empty: a fresh one), then the command. It becomes process 1 of its own
 * namespaces, the init that reaps.
 *
 * The root is moved over `/` and the command enters it by chroot without CAP_SYS_ADMIN. pivot_root and umount would be
 * the last steps otherwise, but umount could then only be the root's own program, run with all capabilities. From the
 * topmost mount of a namespace `..` leads nowhere, so the classic escape from a chroot stays inside (mount(2), MS_MOVE;
 * a test tries it). `nodev` closes the way through device nodes that the root brings along; /proc/sys and
 * /proc/sysrq-trigger obey user 0 even without capabilities and are read-only.
 */
export const rootEntryScript = `set -eu
umask 022
root=$1 access=$2 work=$3 capabilities=$4 temporary=$5
shift 5
# Beside the work directory, where nothing inside can plant a link; the lending script inherits the descriptors.
if [ "$access" = rw ]; then exec 8>"\${work%/*}/lending.lock" 9>"\${work%/*}/lent.lock" && flock -s 9; fi
mount --rbind "$root" "$root"
while read -r _ _ _ _ point options _; do
  point=$(printf '%b_' "$point") point=\${point%_}
  # What is mounted read-only below the root stays so.
  if [ "$access" = ro ]; then options=$options,ro; fi
  case $point in
    "$root" | "$root"/*) mount -o "remount,bind,$options,nodev" "$point" ;;
  esac
done </proc/self/mountinfo
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
mount -t tmpfs -o mode=755,nosuid,noexec tmpfs "$root/dev"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
cd "$root"
mkdir dev/pts dev/shm run/lock run/patchbay run/patchbay-lent
ln -s /proc/self/fd dev/fd
ln -s pts/ptmx dev/ptmx
escape() { printf '%s' "$1" | sed 's/\\\\/\\\\134/g; s/ /\\\\040/g; s/\t/\\\\011/g; s/#/\\\\043/g'; }
at=$(escape "$root")
{
  printf '%s\\n' "tmpfs $at/tmp tmpfs mode=1777,nosuid,nodev"
  printf '%s\\n' "sysfs $at/sys sysfs ro,nosuid,nodev,noexec"
  printf '%s\\n' "devpts $at/dev/pts devpts newinstance,ptmxmode=0666,mode=620,gid=5"
  printf '%s\\n' "tmpfs $at/dev/shm tmpfs mode=1777,nosuid,nodev"
  for node in null zero full random urandom tty; do
    : >"dev/$node"
    printf '%s\\n' "/dev/$node $at/dev/$node none bind"
  done
  for name in sys sysrq-trigger irq bus fs acpi; do
    if [ -e "proc/$name" ]; then printf '%s\\n' "$at/proc/$name $at/proc/$name none bind,ro"; fi
  done
} >run/mounts
mount --all --fstab "$root/run/mounts"
# mount(8) ignores a line that it cannot parse and reports success.
for name in tmp sys dev/pts dev/shm dev/null proc/sys; do mountpoint -q "$root/$name" || exit 1; done
mount --bind "$work" "$root/run/patchbay"
mount -o remount,bind,rw,nosuid,nodev "$root/run/patchbay"
if [ -n "$temporary" ]; then
  mount --bind "$temporary" "$root/tmp"
  mount -o remount,bind,rw,nosuid,nodev "$root/tmp"
fi
rm run/mounts
lent=$root/run/patchbay-lent
printf '#!/bin/sh\\n%s\\nexit 101\\n' '${lentMark}' >"$lent/policy-rc.d"
chmod 755 "$lent/policy-rc.d"
is_left_over() { grep -qxF '${lentMark}' "$1"; }
if [ "$access" = rw ] && [ -f usr/sbin/policy-rc.d ] && [ ! -L usr/sbin/policy-rc.d ] && [ ! -L usr/sbin ] && [ ! -L usr ]; then
  is_left_over usr/sbin/policy-rc.d || mount --bind "$lent/policy-rc.d" "$root/usr/sbin/policy-rc.d"
fi
if [ -r /etc/resolv.conf ] && [ ! -L etc ]; then
  { echo '${lentMark}'; cat /etc/resolv.conf; } >"$lent/resolv.conf"
  if [ -L etc/resolv.conf ]; then
    target=$(readlink etc/resolv.conf)
    case $target in
      *..*/*..*) ;;
      /run/* | ../run/*)
        target=run/\${target#*run/}
        mkdir -p "\${target%/*}"
        cp "$lent/resolv.conf" "$target"
        ;;
    esac
  elif [ -f etc/resolv.conf ]; then
    is_left_over etc/resolv.conf || mount --bind "$lent/resolv.conf" "$root/etc/resolv.conf"
  elif [ "$access" = ro ]; then
    mkdir run/patchbay-etc run/patchbay-etc/upper run/patchbay-etc/work
    cp "$lent/resolv.conf" run/patchbay-etc/upper/
    mount -t overlay -o lowerdir=etc,upperdir=run/patchbay-etc/upper,workdir=run/patchbay-etc/work overlay "$root/etc"
  fi
fi
cd "$root"
mount --move . /
if [ "$access" = ro ]; then
  echo ready >&3
  setpriv --bounding-set "$capabilities" -- chroot . "$@" 3>&-
else
  setpriv --bounding-set "$capabilities" -- chroot . "$@"
fi
exit $?
`;

/**
 * Runs inside a writable root, with its own shell, before and after the command. Descriptor 9 is a shared lock that was
 * taken on the way in: while anybody holds it, nothing that is lent goes away; 8 is for the moment of lending. invoke-rc.d and deb-systemd-invoke
 * obey policy-rc.d (exit 101: forbidden); start-stop-daemon called directly does not, but what it starts ends with the
 * namespace. A bind mount needs a target, so an absent file is lent: made here and removed by the last command that
 * uses it, or by the next one after a power cut. Nothing is mounted over files that packages own: dpkg could not
 * replace them (EBUSY).
 */
export const lendingScript = `umask 022
is_lent() {
  [ -f "$1" ] && [ ! -L "$1" ] && { IFS= read -r first && IFS= read -r second; } <"$1" &&
    { [ "$first" = '${lentMark}' ] || [ "$second" = '${lentMark}' ]; }
}
lend() {
  if [ -f "$1" ] && [ ! -e "$2" ] && [ ! -L "$2" ]; then cp -p "$1" "$2.patchbay" && mv -n "$2.patchbay" "$2"; fi
}
take_back() {
  if ! mountpoint -q "$1" && is_lent "$1"; then rm -f "$1"; fi
}
# Two commands may begin at once: one lends, the other finds it lent.
flock -x 8 || exit 125
lend /run/patchbay-lent/policy-rc.d /usr/sbin/policy-rc.d || exit 125
lend /run/patchbay-lent/resolv.conf /etc/resolv.conf || exit 125
# The shell around this one has the descriptor too, so closing it unlocks nothing.
flock -u 8
exec 8>&-
echo ready >&3
"$@" 3>&- 9>&-
status=$?
flock -u 9
if flock -n -x 9; then
  take_back /usr/sbin/policy-rc.d
  take_back /etc/resolv.conf
fi
exit $status
`;

/** Where the work directory is seen inside a read-only view of the host. */
export const hostWorkDirectoryInside = '/tmp/patchbay';

/**
 * Parameters: work directory, then the command. A view of the host in which only /tmp (a fresh one) and the work
 * directory can be written: what proves that a scan writes nothing. It is bound below /tmp so that apt's user _apt
 * reaches it below private parents. No namespace of processes: facts about running programs need the host's /proc.
 */
export const hostReadOnlyScript = `set -eu
work=$1
shift
cd "$work"
while read -r _ _ _ _ point options rest; do
  type=\${rest#*- } type=\${type%% *}
  case $type in
    proc | sysfs | cgroup | cgroup2 | devtmpfs | devpts | mqueue | autofs | securityfs | debugfs | tracefs | pstore | bpf) continue ;;
    configfs | fusectl | hugetlbfs | binfmt_misc | efivarfs | nsfs | rpc_pipefs) continue ;;
  esac
  case $options in
    rw,*) ;;
    *) continue ;;
  esac
  point=$(printf '%b_' "$point") point=\${point%_}
  # A mount hidden under another cannot be reached, and so neither written nor remounted.
  mount -o "remount,bind,ro,\${options#rw,}" "$point" || ! mountpoint -q "$point"
done </proc/self/mountinfo
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs /tmp
mkdir ${hostWorkDirectoryInside}
mount -c --bind . ${hostWorkDirectoryInside}
mount -o remount,bind,rw ${hostWorkDirectoryInside}
cd /
echo ready >&3
exec "$@" 3>&-
`;

/**
 * Parameters: record directory, then the command. Holds the record's lock for as long as the command runs, so that a
 * later process can wait for it without trusting a process number; the exit code appears whole or not at all.
 */
export const recordScript = `record=$1
shift
exec 9>"$record/lock" && flock -x 9 || exit 125
echo locked >"$record/locked"
"$@" 9>&-
printf '%s\\n' $? >"$record/exit-code.new" && sync "$record/exit-code.new" && mv "$record/exit-code.new" "$record/exit-code"
`;
