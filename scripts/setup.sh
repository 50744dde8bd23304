#!/bin/sh
# Sets up what building, testing and the demo need, and says what it cannot set up itself. Ansible may
# be missing: what needs it is left out then. Uses nothing from node_modules, which may not be there.
# $1: demo, for what the demo needs only; package, for what makes packages; machine, for what boots
# machines, without which it fails; without it, for the demo and for the tools that the tests try examples
# and packages with.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }

# The development tools need the version that package.json names; the built modules run on older ones.
needed=$(sed -n 's/.*"node": ">=\([0-9.]*\)".*/\1/p' package.json)

check_node() {
  command -v node >/dev/null || {
    say "Node.js $needed or later is needed, and there is no node in PATH." >&2
    say "Install it from your distribution or from https://nodejs.org/, then run this again." >&2
    exit 1
  }
  node -e '
    const [have, need] = [process.versions.node, process.argv[1]].map((text) => text.split("."));
    process.exit((have[0] - need[0] || have[1] - need[1]) < 0 ? 1 : 0);
  ' "$needed" || {
    say "Node.js $needed or later is needed; $(command -v node) is $(node --version)." >&2
    say "Install a later one from https://nodejs.org/, then run this again." >&2
    exit 1
  }
}

# npm writes node_modules/.package-lock.json at the end of an installation.
install_packages() {
  [ -z "$(find package-lock.json -newer node_modules/.package-lock.json 2>/dev/null || echo missing)" ] &&
    return
  say 'installing the npm packages of package-lock.json'
  # No package here needs its install script, and npm 9 as Debian 13 has it fails on one.
  npm ci --ignore-scripts --loglevel=error >/dev/null
}

# $1: a command, $2: its package in Debian. Fails, and says what to do, when it cannot be had.
install_tool() {
  command -v "$1" >/dev/null && return
  todo="apt-get update && apt-get install -y --no-install-recommends $2"
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    say "$1 is missing. On Debian or Ubuntu, as root: $todo" >&2
    return 1
  fi
  say "installing $2"
  DEBIAN_FRONTEND=noninteractive sh -c "$todo" >/dev/null 2>&1 </dev/null || {
    say "$2 could not be installed. To see why: $todo" >&2
    return 1
  }
}

for_packages() {
  "$@" || say "going on without $2: the packages that it makes are left out." >&2
}

check_node
install_packages
if [ "${1-}" = package ]; then
  for_packages install_tool dpkg-deb dpkg
  for_packages install_tool rpmbuild rpm
  exit 0
fi
if [ "${1-}" = machine ]; then
  [ "$(id -u)" -eq 0 ] || {
    say 'only root can boot machines. As root: npm run test:machine' >&2
    exit 1
  }
  install_tool openssl openssl
  install_tool dpkg-deb dpkg
  install_tool /usr/sbin/debootstrap debootstrap
  install_tool systemd-nspawn systemd-container
  install_tool qemu-system-x86_64 qemu-system-x86
  install_tool /usr/sbin/mke2fs e2fsprogs
  exit 0
fi
install_tool openssl openssl
install_tool ansible-playbook ansible-core ||
  say 'going on without Ansible: what needs it is left out, and says so.' >&2

# The same for a package that brings a service along. Where systemd runs, that would be started now or
# at the next boot, so there a person decides.
install_tool_with_service() {
  command -v "$1" >/dev/null && return
  [ ! -d /run/systemd/system ] || {
    say "$1 is missing. To have it, and its service: apt-get install -y --no-install-recommends $2" >&2
    return 1
  }
  install_tool "$1" "$2"
}

# Runs the command that is to install $2, and says what comes of it when it cannot.
for_examples() {
  "$@" || say "going on without $2: the tests that need it are left out, and say so." >&2
}

[ "${1-}" != demo ] || exit 0
for_examples install_tool packer packer
for_examples install_tool ruby ruby
for_examples install_tool shellcheck shellcheck
for_examples install_tool strace strace
for_examples install_tool sudo sudo
for_examples install_tool systemd-analyze systemd
for_examples install_tool systemd-nspawn systemd-container
for_examples install_tool yamllint yamllint
for_examples install_tool ansible-lint ansible-lint
for_examples install_tool_with_service puppet puppet-agent
for_examples install_tool_with_service cloud-init cloud-init
for_examples install_tool_with_service /usr/sbin/sshd openssh-server
for_examples install_tool rpmbuild rpm
for_examples install_tool lintian lintian
for_examples install_tool rpmlint rpmlint
for_examples install_tool man man-db
for_examples install_tool readelf binutils
for_examples install_tool /usr/sbin/debootstrap debootstrap
for_examples install_tool qemu-aarch64-static qemu-user-static
