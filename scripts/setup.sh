#!/bin/sh
# Installs the tools for the build, the tests and the demo. Reports each tool that it cannot
# install. Uses nothing from node_modules, which may not exist yet.
#
# $1 selects the tools:
# - demo: for the demo only
# - package: for packages
# - release: for packages, signatures and indices, all required
# - machine: for booting machines, all required
# - none: for the demo and all tests
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }

# The version of Node.js that the development tools need. The built modules also run on older
# versions.
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

# Runs a command and discards its output. On a terminal, prints a dot each second.
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
  # Skips the install scripts, which no package needs. npm 9 of Debian 13 fails to run one of them.
  with_dots npm ci --ignore-scripts --loglevel=error --no-progress
}

# Installs a missing tool, or prints what to do and fails. $1: the command, $2: the Debian package.
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

try_for_packages() {
  "$@" || say "continuing without $2: the packages that it makes are skipped." >&2
}

check_node
install_packages
if [ "${1-}" = package ]; then
  try_for_packages install_tool dpkg-deb dpkg
  try_for_packages install_tool rpmbuild rpm
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
  say 'continuing without Ansible: tests and steps that need it are skipped, with a message.' >&2

# Installs a tool with a service. If systemd runs, only prints the command, because the service
# would start now or at the next boot.
install_tool_with_service() {
  command -v "$1" >/dev/null && return
  [ ! -d /run/systemd/system ] || {
    say "$1 is missing. To install it and its service, run: apt-get install -y --no-install-recommends $2" >&2
    return 1
  }
  install_tool "$1" "$2"
}

# Runs the command that installs $2. If the command fails, prints the consequence.
try_for_tests() {
  "$@" || say "continuing without $2: the tests that need it are skipped, with a message." >&2
}

[ "${1-}" != demo ] || exit 0
try_for_tests install_tool packer packer
try_for_tests install_tool ruby ruby
try_for_tests install_tool shellcheck shellcheck
try_for_tests install_tool strace strace
try_for_tests install_tool sudo sudo
try_for_tests install_tool systemd-analyze systemd
try_for_tests install_tool systemd-nspawn systemd-container
try_for_tests install_tool yamllint yamllint
try_for_tests install_tool ansible-lint ansible-lint
try_for_tests install_tool_with_service puppet puppet-agent
try_for_tests install_tool puppet-lint puppet-lint
try_for_tests install_tool rubocop rubocop
try_for_tests install_tool_with_service cloud-init cloud-init
try_for_tests install_tool_with_service /usr/sbin/sshd openssh-server
try_for_tests install_tool rpmbuild rpm
try_for_tests install_tool gpg gnupg
try_for_tests install_tool createrepo_c createrepo-c
try_for_tests install_tool dnf dnf
try_for_tests install_tool lintian lintian
try_for_tests install_tool rpmlint rpmlint
try_for_tests install_tool man man-db
try_for_tests install_tool mandoc mandoc
try_for_tests install_tool readelf binutils
try_for_tests install_tool /usr/sbin/debootstrap debootstrap
try_for_tests install_tool qemu-aarch64-static qemu-user-static
