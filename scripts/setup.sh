#!/bin/sh
# Installs the tools for building, testing and the demo, and reports tools that it cannot install.
# Without Ansible, everything that needs it is skipped. Uses nothing from node_modules, which may not
# exist yet.
# $1: `demo` for the tools of the demo only; `package` for the packaging tools; `release` for those and
# the tools that sign and index, all of which are required; `machine` for the tools that boot machines,
# all of which are required. Without $1: the tools of the demo and of all tests.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }

# The version that the development tools need; the built modules run on older ones.
needed=$(sed -n 's/.*"node": ">=\([0-9.]*\)".*/\1/p' package.json)

check_node() {
  command -v node >/dev/null || {
    say "Node.js $needed or later is required, and there is no node in PATH." >&2
    say "Install it from your distribution or from https://nodejs.org/, then run this command again." >&2
    exit 1
  }
  node -e '
    const [have, need] = [process.versions.node, process.argv[1]].map((text) => text.split("."));
    process.exit((have[0] - need[0] || have[1] - need[1]) < 0 ? 1 : 0);
  ' "$needed" || {
    say "Node.js $needed or later is required; $(command -v node) is $(node --version)." >&2
    say "Install a later version from https://nodejs.org/, then run this command again." >&2
    exit 1
  }
}

# Runs a command without its output. On a terminal, prints a dot for each second until it ends.
with_dots() {
  "$@" >/dev/null </dev/null &
  command_pid=$!
  if [ -t 1 ]; then
    while kill -0 "$command_pid" 2>/dev/null; do
      printf '.'
      sleep 1
    done
    echo
  fi
  wait "$command_pid"
}

# npm writes node_modules/.package-lock.json at the end of an installation.
install_packages() {
  [ -z "$(find package-lock.json -newer node_modules/.package-lock.json 2>/dev/null || echo missing)" ] &&
    return
  say 'installing the npm packages of package-lock.json'
  # No package needs its install script, and npm 9 of Debian 13 fails on one.
  with_dots npm ci --ignore-scripts --loglevel=error --no-progress
}

# Installs a missing tool. $1: its command, $2: its package in Debian. If that is not possible, prints
# what to do and fails.
install_tool() {
  command -v "$1" >/dev/null && return
  todo="apt-get update && apt-get install -y --no-install-recommends $2"
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    say "$1 is missing. To install it on Debian or Ubuntu, run as root: $todo" >&2
    return 1
  fi
  say "installing $2"
  with_dots env DEBIAN_FRONTEND=noninteractive sh -c "$todo" 2>/dev/null || {
    say "$2 could not be installed. To see the reason, run: $todo" >&2
    return 1
  }
}

for_packages() {
  "$@" || say "continuing without $2: the packages that it makes are skipped." >&2
}

check_node
install_packages
if [ "${1-}" = package ]; then
  for_packages install_tool dpkg-deb dpkg
  for_packages install_tool rpmbuild rpm
  exit 0
fi
if [ "${1-}" = release ]; then
  install_tool dpkg-deb dpkg
  install_tool rpmbuild rpm
  install_tool gpg gnupg
  install_tool gpgv gpgv
  install_tool createrepo_c createrepo-c
  exit 0
fi
if [ "${1-}" = machine ]; then
  [ "$(id -u)" -eq 0 ] || {
    say 'only root can boot machines. Run as root: npm run test:machine' >&2
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
  say 'continuing without Ansible: everything that needs it is skipped, with a message.' >&2

# Installs a tool whose package contains a service. Where systemd runs, the service would be started now
# or at the next boot, so the decision is left to the user.
install_tool_with_service() {
  command -v "$1" >/dev/null && return
  [ ! -d /run/systemd/system ] || {
    say "$1 is missing. To install it and its service, run: apt-get install -y --no-install-recommends $2" >&2
    return 1
  }
  install_tool "$1" "$2"
}

# Runs the command that installs $2. If that fails, prints the consequence.
for_examples() {
  "$@" || say "continuing without $2: the tests that need it are skipped, with a message." >&2
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
for_examples install_tool puppet-lint puppet-lint
for_examples install_tool rubocop rubocop
for_examples install_tool_with_service cloud-init cloud-init
for_examples install_tool_with_service /usr/sbin/sshd openssh-server
for_examples install_tool rpmbuild rpm
for_examples install_tool gpg gnupg
for_examples install_tool createrepo_c createrepo-c
for_examples install_tool dnf dnf
for_examples install_tool lintian lintian
for_examples install_tool rpmlint rpmlint
for_examples install_tool man man-db
for_examples install_tool mandoc mandoc
for_examples install_tool readelf binutils
for_examples install_tool /usr/sbin/debootstrap debootstrap
for_examples install_tool qemu-aarch64-static qemu-user-static
