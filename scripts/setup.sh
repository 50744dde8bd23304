#!/bin/sh
# Sets up what building and testing need, and says what it cannot set up itself. Exit status 0 also
# when openssl or Ansible cannot be had: what needs them is left out then, and says so.
# Uses nothing from node_modules, which may not be there yet.
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
  npm ci --loglevel=error >/dev/null
}

install_tool() { # $1: its command, $2: its package in Debian, $3: what is left out without it
  command -v "$1" >/dev/null && return
  command="apt-get update && apt-get install -y --no-install-recommends $2"
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    say "installing $2"
    if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$2"; } \
      >/dev/null 2>&1 </dev/null && command -v "$1" >/dev/null; then
      return
    fi
    say "$2 could not be installed. To see why: $command" >&2
  else
    say "$1 is missing. On Debian or Ubuntu, as root: $command" >&2
  fi
  say "Going on without it: $3" >&2
}

check_node
install_packages
install_tool openssl openssl 'the tests that compare signatures with openssl are left out.'
install_tool ansible-playbook ansible-core 'the modules are shown and tested without Ansible.'
