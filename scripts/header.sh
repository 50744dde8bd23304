#!/bin/sh
":" /* This file is two in one: a shell script that finds Node.js, and the JavaScript it runs.
# WANT_JSON: because of this word Ansible passes the path of a file with the arguments as JSON.
# Third-party licence notices: see THIRD-PARTY-NOTICES in the collection.
# PATH may be empty, so nothing here runs another program. To JavaScript all of this is a comment,
# which a star before a slash would end: hence the '' in the globs.

printable() { # sets $plain to $1 as it may stand in a JSON string
  rest=$1 plain= LC_ALL=C
  while :; do
    part=${rest%%[!] !#-[^-~]*}
    plain=$plain$part
    rest=${rest#"$part"}
    case $rest in
      '') return ;;
      \"*) plain=$plain\\\" ;;
      \\*) plain=$plain\\\\ ;;
      *) plain=$plain'?' ;;
    esac
    rest=${rest#?}
  done
}

no_node() { # $1: what was looked for, $2: what to do
  printable "Node.js @required_node@ or later is needed to run this module; looked for $1. $2"
  printf '{"changed":false,"failed":true,"msg":"%s","warnings":[],' "$plain"
  printf '"error":{"code":"local_action_failed"}}\n'
  exit 1
}

is_node() { [ -f "$node" ] && [ -x "$node" ]; }

find_node() { # sets $node
  if [ -n "${JUMPCLOUD_NODE-}" ]; then
    node=$JUMPCLOUD_NODE
    is_node || no_node "an executable file at JUMPCLOUD_NODE=$node" \
      'Correct JUMPCLOUD_NODE, or unset it to have Node.js looked for.'
    return
  fi

  set -f
  IFS=:
  for name in node nodejs; do
    for folder in ${PATH-}; do
      node=$folder/$name
      is_node && return
    done
  done
  unset IFS
  set +f

  found=
  for folder in /usr/local/bin /opt/nodejs/bin /opt/node*''/bin /snap/bin /opt/homebrew/bin; do
    node=$folder/node
    is_node && return
  done
  for folder in "${HOME:-/root}"/.nvm/versions/node/v[1-9][0-9].*''/bin; do
    node=$folder/node
    is_node && found=$node # the last is the newest
  done
  node=$found
  [ -n "$node" ] || no_node "node and nodejs in PATH=${PATH-} and for node in /usr/local/bin, \
/opt/nodejs/bin, /opt/node*""/bin, /snap/bin, /opt/homebrew/bin, ~/.nvm" \
    'Install it, or set JUMPCLOUD_NODE=/path/to/node.'
}

find_node

# The version is checked by the process that then runs the module, in words that every Node.js
# understands. require() takes the file for CommonJS whatever package.json lies above it. Most of it
# is run, so V8 compiles it as a whole: it would otherwise read most functions twice, to find their
# end and when they are called. The banner of bundle-module.ts, the first statement, ends that.
exec "$node" -e '
var have = process.versions.node.split("."), need = "@required_node@".split(".");
if ((have[0] - need[0] || have[1] - need[1]) < 0) {
  console.log(JSON.stringify({
    changed: false,
    failed: true,
    msg: "Node.js @required_node@ or later is needed to run this module; " + process.execPath +
      " is " + process.versions.node + ". Install a later one, or set JUMPCLOUD_NODE=/path/to/node.",
    warnings: [],
    error: { code: "local_action_failed" }
  }));
  process.exitCode = 1;
} else {
  if (have[0] <= @newest_tuned_node@) require("v8").setFlagsFromString("--no-lazy");
  require(require("path").resolve(process.argv[1]));
}' -- "$0" "$@"
*/
