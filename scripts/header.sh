#!/bin/sh
":" /* This file is a shell script that finds Node.js, and the JavaScript that Node.js runs.
trap 'printf %s\\n "{\"changed\":false,\"failed\":true,\"msg\":\"The file of this module is incomplete. Copy it to this host again.\",\"warnings\":[],\"error\":{\"code\":\"local_action_failed\"}}"; exit 1' EXIT
# WANT_JSON: because of this word, Ansible passes the path of a JSON file with the arguments.
# Third-party licence notices: see THIRD-PARTY-NOTICES in the collection.

# PATH may be empty, so this script runs no program from PATH. For JavaScript, this script is a
# comment, which a star before a slash would end. The '' in the globs separates the two.

# A shell parses a whole group in braces before it runs the group. If the end of this file is
# missing, the shell runs the trap above instead.
{
trap - EXIT
set +euf # SHELLOPTS may have set these options

# These variables would make Node.js run code from other files, use their settings, or write to
# them.
unset NODE_OPTIONS NODE_PATH NODE_COMPILE_CACHE NODE_V8_COVERAGE NODE_REDIRECT_WARNINGS \
  NODE_REPL_EXTERNAL_MODULE NODE_USE_SYSTEM_CA NODE_ICU_DATA NODE_CHANNEL_FD NODE_UNIQUE_ID ICU_TIMEZONE_FILES_DIR \
  OPENSSL_CONF OPENSSL_CONF_INCLUDE OPENSSL_ENGINES OPENSSL_MODULES

# These variables make Node.js write to stderr, which ssh -tt mixes into the answer.
unset NODE_DEBUG NODE_DEBUG_NATIVE NODE_USE_ENV_PROXY
[ -r "${NODE_EXTRA_CA_CERTS-}" ] || unset NODE_EXTRA_CA_CERTS

# Lists the programs that have already run this file and were unsuitable, as lines "PATH is REASON".
newline='
'
tried=${JUMPCLOUD_NODE_TRIED:+${JUMPCLOUD_NODE_TRIED%"$newline"}$newline}
unset JUMPCLOUD_NODE_TRIED
rejected=''

# Directories to search before PATH. They contain /bin/sh, so they are as trustworthy as this shell.
system_dirs=/usr/bin:/bin:/usr/sbin:/sbin
package_dir=/usr/lib/jumpcloud-system-context

# Set for root. Root must not run a program that someone else can replace.
checks=''
if [ -O / ] || [ -O /proc ]; then checks=yes; fi

escape_json() { # sets $plain to $1, escaped for a JSON string
  rest=$1 plain='' LC_ALL=C
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

fail() { # $1: the message
  escape_json "$1"
  printf '{"changed":false,"failed":true,"msg":"%s","warnings":[],' "$plain"
  printf '"error":{"code":"local_action_failed"}}\n'
  exit 1
}

fail_without_node() { # reports that no Node.js was found. $1: the searched places, $2: what to do
  while [ -n "$tried" ]; do
    rejected="$rejected; ${tried%%"$newline"*}"
    tried=${tried#*"$newline"}
  done
  [ -z "$rejected" ] || rejected=" Unsuitable: ${rejected#; }."
  fail "This module requires Node.js @required_node@ or later. Looked for $1.$rejected $2"
}

reject() { # records a rejected program and returns 1. $1: program and reason
  case "$rejected; " in
    *"; $1; "*) ;; # a directory may be in PATH twice
    *) rejected="$rejected; $1" ;;
  esac
  return 1
}

was_tried() { # returns whether $node is in $tried, under any name
  rest=$tried
  while [ -n "$rest" ]; do
    line=${rest%%"$newline"*}
    # shellcheck disable=SC3013 # every shell that may be /bin/sh supports -ef
    [ "$node" -ef "${line% is *}" ] && return
    rest=${rest#*"$newline"}
  done
  return 1
}

# Checks the file $node, and every directory and symlink in its path. A directory that others can
# write to is safe if it is sticky, like /tmp, and the next part of the path is a directory of root.
only_root_can_replace_node() {
  real=$node
  for _ in 1 2 3 4 5 6 7 8 9; do # follows up to nine symlinks
    part=$real
    set --
    while [ -n "$part" ]; do
      set -- "$part" "$@"
      part=${part%/*}
    done
    set -- / "$@"
    list=$(LC_ALL=C QUOTING_STYLE=literal /bin/ls -ldn "$@" 2>/dev/null) || return
    is_open=''
    while IFS=' ' read -r mode _ uid gid rest; do
      case $uid$is_open$mode in
        0[!y]* | 0yesd*) ;;
        *) return 1 ;;
      esac
      is_open=''
      case $mode in
        l*)
          rest=${rest#*"$1 -> "}
          case $rest in
            /*) ;;
            *) rest=${1%/*}/$rest ;;
          esac
          real=$rest${real#"$1"}
          continue 2
          ;;
        ????????w* | ?????w????+*) is_open=yes ;;
        ?????w*) [ "$gid" = 0 ] || is_open=yes ;;
      esac
      case $is_open$mode in
        yesd????????[tT]*) ;;
        yes*) return 1 ;;
      esac
      shift
    done <<END
$list
END
    return 0
  done
  return 1
}

is_safe() { # returns whether this user may run $node
  [ -n "$checks" ] || return 0
  case :$system_dirs:$package_dir: in
    *:"${node%/*}":*)
      # Does not check the file modes, because ls takes 1 ms. Node.js checks them when it runs.
      [ -O "$node" ] && [ ! -h "$node" ] && [ -O "${node%/*}" ] && [ ! -h "${node%/*}" ] && return
      ;;
  esac
  [ -x /bin/ls ] || reject "$node cannot be checked without /bin/ls" || return
  only_root_can_replace_node || reject "$node is replaceable by someone other than root"
}

read_processor() { # sets $head to the first line of the file $1, without NULs, and sets $processor
  head='' processor=''
  { LC_ALL=C IFS= read -r head; } 2>/dev/null <"$1"
  case $head in
    ?ELF*) rest=${head#?ELF} ;;
    *) return ;;
  esac
  processor=${rest%"${rest#??}"} # word size and byte order
  rest=${rest#??}
  one=${rest%"${rest#?}"} # the version of ELF, always 1, which occurs again after the processor's number
  rest=${rest#?}
  rest=${rest%%"$one"*}
  processor=$processor${rest#"${rest%?}"}
}

# Needed because a shell runs a file as a script if the kernel cannot run the file.
is_program() { # returns whether the kernel can run $node
  [ -r "$node" ] || return 0
  read_processor "$node"
  case $head in
    '') return 1 ;;
    '#!'*)
      part=${head#??}
      while :; do
        case $part in
          [[:blank:]]*) part=${part#?} ;;
          /*) [ -x "${part%%[[:blank:]]*}" ]; return ;;
          *) return 1 ;; # relative to the working directory
        esac
      done
      ;;
  esac
  # Looks for the loader first, because dash needs 3 ms to read the first line of /bin/sh below.
  case $processor in
    ??'>') [ -e /lib64/ld-linux-x86-64.so.2 ] || [ -e /lib/ld-musl-x86_64.so.1 ] ;;
    *) [ -e /lib/ld-linux-aarch64.so.1 ] && [ "$processor" = "$(printf '\2\1\267')" ] ;;
  esac && return
  node_processor=$processor
  read_processor /bin/sh
  [ "$node_processor" = "$processor" ]
}

is_runnable() { # returns whether $node can be run
  [ -f "$node" ] || reject "$node is not a file" || return
  [ -x "$node" ] || reject "$node is not executable" || return
  is_program || reject "$node is not a program for this host"
}

is_suitable() { # returns whether to run $node
  [ -e "$node" ] && ! was_tried || return
  is_safe && is_runnable
}

# Removes relative directories from PATH. For root, puts the system's directories first. A wrapper
# script of Node.js inherits this PATH.
clean_path() {
  path=${PATH-}
  remove_relative_dirs
  [ -z "$checks" ] || export PATH="$system_dirs${PATH:+:$PATH}"
}

remove_relative_dirs() {
  case :$path: in
    *:[!/]*) ;;
    *) return ;;
  esac
  unset PATH # an empty PATH would mean the working directory
  set -f
  IFS=:
  for dir in $path; do
    case $dir in
      /*) export PATH="${PATH+$PATH:}$dir" ;;
      *) reject "PATH's '$dir' is a relative directory" ;;
    esac
  done
  unset IFS
  set +f
}

find_node() { # sets $node
  if [ -n "${JUMPCLOUD_NODE-}" ]; then
    checks=''
    case $JUMPCLOUD_NODE in
      /*) node=$JUMPCLOUD_NODE ;;
      *) node=./$JUMPCLOUD_NODE ;; # avoids a search in PATH
    esac
    if [ ! -e "$node" ]; then
      reject "$node does not exist"
    elif ! was_tried; then
      is_runnable && return
    fi
    fail_without_node "an executable file at JUMPCLOUD_NODE=$JUMPCLOUD_NODE" \
      'Correct JUMPCLOUD_NODE, or unset it to search for Node.js.'
  fi

  node=$package_dir/node
  is_suitable && return

  set -f
  IFS=:
  for dir in ${PATH-}; do
    for name in node nodejs; do
      node=$dir/$name
      is_suitable && return
    done
  done
  unset IFS
  set +f

  for dir in /usr/local/bin /opt/nodejs/bin /opt/node*''/bin /snap/bin /opt/homebrew/bin; do
    node=$dir/node
    is_suitable && return
  done
  case ${HOME:-/root} in
    /*)
      for dir in "${HOME:-/root}"/.nvm/versions/node/v[1-9][0-9].*''/bin; do
        set -- "$dir" "$@" # puts the newest version last
      done
      ;;
  esac
  for dir; do
    node=$dir/node
    is_suitable && return
  done
  fail_without_node "$package_dir/node, node and nodejs in ${checks:+$system_dirs and }PATH=$path and for node in \
/usr/local/bin, /opt/nodejs/bin, /opt/node*""/bin, /snap/bin, /opt/homebrew/bin, ~/.nvm" \
    'Install it, or set JUMPCLOUD_NODE=/path/to/node.'
}

# OpenSSL finds a root certificate in a directory by its hash, as for curl and apt. By default,
# Node.js would read all of its bundled root certificates, and ignore those that this host's
# administrator trusts or distrusts.
choose_ca_store() { # exports the variables for the CA store that JUMPCLOUD_CA_STORE selects
  case ${JUMPCLOUD_CA_STORE-} in
    bundled) export NODE_OPTIONS=--use-bundled-ca; return ;;
    system | '') ;;
    *) fail "JUMPCLOUD_CA_STORE is $JUMPCLOUD_CA_STORE, but must be system or bundled. Correct or unset it." ;;
  esac
  if [ -z "${SSL_CERT_FILE-}${SSL_CERT_DIR-}" ]; then
    for file in /etc/ssl/certs/*.0 /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
      [ -e "$file" ] || continue
      case $file in
        *.0)
          # If update-ca-certificates maintains this directory, it contains all root certificates.
          # Otherwise it may contain only a few local ones, and another file has the complete
          # bundle.
          [ -e /etc/ssl/certs/ca-certificates.crt ] || continue
          export JUMPCLOUD_CA_STORE=system SSL_CERT_DIR=/etc/ssl/certs SSL_CERT_FILE=/dev/null
          ;;
        *) [ -z "${JUMPCLOUD_CA_STORE-}" ] || export SSL_CERT_DIR=/dev/null SSL_CERT_FILE="$file" ;;
      esac
      break
    done
  fi
  [ -z "${JUMPCLOUD_CA_STORE-}" ] || export NODE_OPTIONS=--use-openssl-ca
}

# shellcheck disable=SC2317 # a trap calls it
try_next() { # searches for the next Node.js. $@: this file and its arguments
  export JUMPCLOUD_NODE_TRIED="$tried$node is a program that could not be started$newline"
  exec /bin/sh "$@"
}

# If the shell reads this script from stdin, $0 is the shell's name. Node.js would look for that
# name in the working directory.
case $- in
  *s*) fail 'This module cannot run from standard input. Give the shell its path.' ;;
esac
choose_ca_store
clean_path
find_node

# exec fails if the program's loader is missing. Bash then continues if execfail is set. Other
# shells exit and run the trap.
# shellcheck disable=SC3044
[ -z "${BASH_VERSION-}" ] || shopt -s execfail
trap 'try_next "$0" "$@"' EXIT

# Node.js first checks its own version, in JavaScript that every version understands. If Node.js is
# too old, or its file mode allows others to replace it, /bin/sh searches for the next Node.js.
#
# Before Node.js 24, WebAssembly reserves 10 GB of address space, which a command-line flag
# prevents. If address space is limited, Node.js runs itself again with that flag.
#
# The module is compiled instead of loaded with require(). require() would obey every package.json
# in and above the working directory and the directory of this file.
#
# --no-lazy makes V8 compile the whole module at once, because most of it runs. Otherwise V8 would
# parse most functions twice: once to find their end, and once when they are called. The flag is set
# after the code of Node.js has been compiled. The start of the bundle (bundle-module.ts) resets the
# flag.
# shellcheck disable=SC2093
exec "$node" -e '
var have = process.versions.node.split("."), need = "@required_node@".split(".");
var tried = process.argv.splice(1, 3), fs = require("fs"), path = require("path");
var noTrapHandler = "--disable-wasm-trap-handler", file, main, text, why;
function fail(msg) {
  console.log(JSON.stringify({
    changed: false,
    failed: true,
    msg: msg,
    warnings: [],
    error: { code: "local_action_failed" }
  }));
  process.exitCode = 1;
}
function run(program, args, advice) {
  function onError(error) {
    fail(tried[1] + " is " + why + ", and " + program + " could not be run: " + error.message + ". " + advice);
  }
  try {
    var next = require("child_process").spawn(program, args, { stdio: "inherit" });
    ["SIGTERM", "SIGINT", "SIGHUP"].forEach(function (name) {
      process.on(name, function () { next.kill(name); });
    });
    next.on("error", onError);
    next.on("exit", function (code, name) {
      if (!name) process.exit(code);
      process.removeAllListeners(name);
      process.kill(process.pid, name);
    });
  } catch (error) { onError(error); }
}
function tryNext() {
  var all = tried[0] + tried[1] + " is " + why + "\n", advice = "Set JUMPCLOUD_NODE=/path/to/node.";
  if (all.length > 2000) return fail("Too many programs were unsuitable: " + all.trim().split("\n").join("; ") + ". " + advice);
  process.env.JUMPCLOUD_NODE_TRIED = all;
  run("/bin/sh", process.argv.slice(1), advice);
}
function isReplaceable(part, depth) {
  var stat = fs.statSync(part), up = path.dirname(part);
  var isOpen = stat.mode & 2 || (stat.mode & 16 && stat.gid);
  return stat.uid || (isOpen && (depth < 2 || !(stat.mode & 512))) || (up !== part && isReplaceable(up, depth + 1));
}
function isUnsafe() {
  try {
    return tried[2] && isReplaceable(process.execPath, 0);
  } catch (error) {}
}
function needsFlag() {
  var limit;
  try {
    limit = /address space +(\d+)/.exec(fs.readFileSync("/proc/self/limits", "utf8"));
  } catch (error) {}
  return limit && limit[1] < 16e9 && process.execArgv.indexOf(noTrapHandler) < 0 &&
    process.allowedNodeEnvironmentFlags.has(noTrapHandler);
}
if ((have[0] - need[0] || have[1] - need[1]) < 0) why = process.versions.node;
else if (isUnsafe()) why = "replaceable by someone other than root";
if (why) tryNext();
else if (have[0] < 24 && needsFlag()) {
  why = "short of address space";
  run(process.execPath, [noTrapHandler].concat(process.execArgv, "--", tried, process.argv.slice(1)),
    "Raise the limit of address space (ulimit -v).");
} else {
  delete process.env.NODE_OPTIONS;
  file = path.resolve(process.argv[1]);
  main = new module.constructor(file);
  text = main.text = fs.readFileSync(file, "utf8");
  if (text.slice(-"@end@".length) !== "@end@") fail(file + " is incomplete. Copy it to this host again.");
  else {
    if (have[0] <= @newest_tuned_node@) require("v8").setFlagsFromString("--no-lazy");
    main._compile(text, file);
  }
}' -- "$tried" "$node" "$checks" "$0" "$@"
exit 126
}
# shellcheck disable=SC2211,SC2287,SC2317 # the end of JavaScript's comment
*/
