#!/bin/sh
# Runs a command with ANSIBLE_ROOT set to a directory with another Debian release, its ansible-core
# and its Node.js. The Ansible tests then run in the directory through chroot, which requires root.
# The first call makes the directory in a few minutes. To update sid, remove it and sid-ARCHITECTURE.
#
#   sh scripts/ansible-next.sh trixie npx vitest run test/ansible
#
# ANSIBLE_ROOT=/path selects the directory. DEBIAN_MIRROR=http://… selects the mirror.
set -eu

suite=$1
shift
root=${ANSIBLE_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/jumpcloud-system-context/$suite}
packages='ansible-core nodejs openssh-client ca-certificates'

say() { printf 'ansible-next: %s\n' "$*" >&2; }

# $1: the problem, $2: what to do
fail() {
  say "$1"
  say "$2"
  exit 1
}

is_ready() {
  chroot "$root" sh -c 'ansible-playbook --version && node --version && ssh -V' >/dev/null 2>&1
}

# Prints the Debian mirror of this machine, or the default mirror.
find_mirror() {
  # shellcheck disable=SC2016 # apt-get expands these
  apt-get indextargets --format '$(SITE) $(ORIGIN)' 'Created-By: Packages' 2>/dev/null |
    sed -n 's/ Debian$//p' | grep -v -- -security | head -n 1 | grep . || echo http://deb.debian.org/debian
}

install_debootstrap() {
  command -v debootstrap >/dev/null && return
  todo='apt-get update && apt-get install -y --no-install-recommends debootstrap'
  command -v apt-get >/dev/null ||
    fail "debootstrap is required to make a directory with Debian's $suite, and apt-get is not available to install it." \
      "Install debootstrap, or set ANSIBLE_ROOT to a directory with $suite and $packages."
  say 'installing debootstrap'
  DEBIAN_FRONTEND=noninteractive sh -c "$todo" >/dev/null 2>&1 </dev/null ||
    fail "debootstrap is required to make a directory with Debian's $suite, and could not be installed." \
      "To see the reason, run as root: $todo"
}

# Runs a command and prints its output only if it fails. $1: the name, the rest: the command.
run_quietly() {
  log=$root.log
  step=$1
  shift
  "$@" >"$log" 2>&1 </dev/null || {
    tail -n 20 "$log" >&2
    fail "$step failed. Its output is in $log." "To try again: rm -rf $root.new && $*"
  }
  rm -f "$log"
}

# Makes the directory under another name and renames it, so that the directory is never incomplete.
# Keeps the result of debootstrap, because test/packages/debian-root.ts needs an empty Debian.
make_root() {
  install_debootstrap
  say "making $root with Debian's $suite, which takes a few minutes"
  mkdir -p "$(dirname "$root")"
  rm -rf "$root.new"
  empty=$root-$(dpkg --print-architecture)
  [ -e "$empty" ] || {
    run_quietly debootstrap debootstrap --variant=minbase "$suite" "$root.new" "${DEBIAN_MIRROR:-$(find_mirror)}"
    run_quietly apt-get chroot "$root.new" apt-get clean
    mv "$root.new" "$empty"
  }
  run_quietly cp cp -a "$empty" "$root.new"
  # shellcheck disable=SC2086 # a list of packages
  run_quietly apt-get chroot "$root.new" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $packages
  run_quietly apt-get chroot "$root.new" apt-get clean
  mv "$root.new" "$root"
}

[ "$(id -u)" -eq 0 ] ||
  fail "chroot to the directory of Debian's $suite requires root." "Run as root: ANSIBLE_ROOT=$root sh $0 $suite $*"
[ -e "$root" ] || make_root
is_ready ||
  fail "$root is not Debian, or lacks some of these packages: $packages" \
    "Remove the directory to make it again, or run: chroot $root apt-get install -y --no-install-recommends $packages"

export ANSIBLE_ROOT="$root"
exec "$@"
