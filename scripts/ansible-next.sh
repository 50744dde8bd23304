#!/bin/sh
# Runs a command with ANSIBLE_ROOT set to a directory with another Debian, its ansible-core and its
# Node.js. The Ansible tests then run there through chroot, which requires root. The first call makes
# the directory, which takes a few minutes. To update sid, remove the directory.
#
#   sh scripts/ansible-next.sh trixie npx vitest run test/ansible
#
# ANSIBLE_ROOT=/path selects the directory, DEBIAN_MIRROR=http://… the mirror.
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

# Prints the mirror of this machine's own Debian, or the default one.
mirror() {
  # shellcheck disable=SC2016 # apt-get expands these
  apt-get indextargets --format '$(SITE) $(ORIGIN)' 'Created-By: Packages' 2>/dev/null |
    sed -n 's/ Debian$//p' | grep -v -- -security | head -n 1 | grep . || echo http://deb.debian.org/debian
}

have_debootstrap() {
  command -v debootstrap >/dev/null && return
  todo='apt-get update && apt-get install -y --no-install-recommends debootstrap'
  command -v apt-get >/dev/null ||
    fail "making a directory with Debian's $suite requires debootstrap, and there is no apt-get to install it." \
      "Install it, or set ANSIBLE_ROOT to a directory with $suite and $packages."
  say 'installing debootstrap'
  DEBIAN_FRONTEND=noninteractive sh -c "$todo" >/dev/null 2>&1 </dev/null ||
    fail "making a directory with Debian's $suite requires debootstrap, which could not be installed." \
      "To see the reason, run as root: $todo"
}

# $1: a name, the rest: a command, whose output is printed only if it fails.
quietly() {
  log=$root.log
  step=$1
  shift
  "$@" >"$log" 2>&1 </dev/null || {
    tail -n 20 "$log" >&2
    fail "$step failed; its output is in $log." "To try again: rm -rf $root.new && $*"
  }
  rm -f "$log"
}

# Made under another name and then renamed, so that the directory is never incomplete. The result of
# debootstrap is kept as well, because tests need an empty Debian (test/packages/debian-directory.ts).
make_root() {
  have_debootstrap
  say "making $root with Debian's $suite, which takes a few minutes"
  mkdir -p "$(dirname "$root")"
  rm -rf "$root.new"
  empty=$root-$(dpkg --print-architecture)
  [ -e "$empty" ] || {
    quietly debootstrap debootstrap --variant=minbase "$suite" "$root.new" "${DEBIAN_MIRROR:-$(mirror)}"
    quietly apt-get chroot "$root.new" apt-get clean
    mv "$root.new" "$empty"
  }
  quietly cp cp -a "$empty" "$root.new"
  # shellcheck disable=SC2086 # a list of packages
  quietly apt-get chroot "$root.new" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $packages
  quietly apt-get chroot "$root.new" apt-get clean
  mv "$root.new" "$root"
}

[ "$(id -u)" -eq 0 ] ||
  fail "chroot to the directory with Debian's $suite requires root." "Run as root: ANSIBLE_ROOT=$root sh $0 $suite $*"
[ -e "$root" ] || make_root
is_ready ||
  fail "$root is not Debian, or lacks some of these packages: $packages" \
    "Remove the directory, so that it is made again, or run: chroot $root apt-get install -y --no-install-recommends $packages"

export ANSIBLE_ROOT="$root"
exec "$@"
