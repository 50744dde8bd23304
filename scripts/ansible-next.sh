#!/bin/sh
# Runs a command with ANSIBLE_ROOT naming a folder that holds another Debian, with its ansible-core and
# its Node.js, so that the Ansible tests run there (through chroot, hence root). Makes the folder where
# there is none, which takes a few minutes once; to have a newer sid, remove it.
#
#   sh scripts/ansible-next.sh trixie npx vitest run test/ansible
#
# ANSIBLE_ROOT=/path chooses the folder; DEBIAN_MIRROR=http://… where it comes from.
set -eu

suite=$1
shift
root=${ANSIBLE_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/jumpcloud-system-context/$suite}
packages='ansible-core nodejs openssh-client ca-certificates'

say() { printf 'ansible-next: %s\n' "$*" >&2; }

# $1: what is missing, $2: what to do
give_up() {
  say "$1"
  say "$2"
  exit 1
}

is_ready() {
  chroot "$root" sh -c 'ansible-playbook --version && node --version && ssh -V' >/dev/null 2>&1
}

# The mirror that this machine's own Debian comes from, if it does.
mirror() {
  # shellcheck disable=SC2016 # apt-get fills these in
  apt-get indextargets --format '$(SITE) $(ORIGIN)' 'Created-By: Packages' 2>/dev/null |
    sed -n 's/ Debian$//p' | grep -v -- -security | head -n 1 | grep . || echo http://deb.debian.org/debian
}

have_debootstrap() {
  command -v debootstrap >/dev/null && return
  todo='apt-get update && apt-get install -y --no-install-recommends debootstrap'
  command -v apt-get >/dev/null ||
    give_up "debootstrap is needed to make a folder with Debian's $suite, and there is no apt-get to install it." \
      "Install it, or make such a folder elsewhere ($suite with $packages) and name it in ANSIBLE_ROOT."
  say 'installing debootstrap'
  DEBIAN_FRONTEND=noninteractive sh -c "$todo" >/dev/null 2>&1 </dev/null ||
    give_up "debootstrap is needed to make a folder with Debian's $suite, and could not be installed." \
      "To see why, as root: $todo"
}

# $1: a name, the rest: a command whose output is only shown when it fails.
quietly() {
  log=$root.log
  step=$1
  shift
  "$@" >"$log" 2>&1 </dev/null || {
    tail -n 20 "$log" >&2
    give_up "$step failed; all it said is in $log." "To try again: rm -rf $root.new && $*"
  }
  rm -f "$log"
}

# Made beside its place and then renamed: a folder of that name is a whole one. What debootstrap made
# is kept as well, because tests need an empty Debian (test/packages/debian-folder.ts).
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
  # shellcheck disable=SC2086 # a list of words
  quietly apt-get chroot "$root.new" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends $packages
  quietly apt-get chroot "$root.new" apt-get clean
  mv "$root.new" "$root"
}

[ "$(id -u)" -eq 0 ] ||
  give_up "only root may change into the folder with Debian's $suite." "As root: ANSIBLE_ROOT=$root sh $0 $suite $*"
[ -e "$root" ] || make_root
is_ready ||
  give_up "$root lacks some of these, or is not Debian: $packages" \
    "Remove it to have it made anew, or: chroot $root apt-get install -y --no-install-recommends $packages"

export ANSIBLE_ROOT="$root"
exec "$@"
