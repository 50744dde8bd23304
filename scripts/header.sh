#!/bin/sh
":" /* This file is two in one: a shell script that finds Node.js, and the JavaScript it runs.
trap 'printf %s\\n "{\"changed\":false,\"failed\":true,\"msg\":\"The file of this module is incomplete. Copy it to this host again.\",\"warnings\":[],\"error\":{\"code\":\"local_action_failed\"}}"; exit 1' EXIT
# WANT_JSON: because of this word Ansible passes the path of a file with the arguments as JSON.
# Third-party licence notices: see THIRD-PARTY-NOTICES in the collection.

# PATH may be empty, so nothing here runs a program from it. To JavaScript all of this is a comment,
# which a star before a slash would end: hence the '' in the globs.

# A shell parses what is in braces as a whole before it runs any of it. Where the end is missing it runs
# the trap above.
{
trap - EXIT
set +euf # as SHELLOPTS may ask for

# With these, files that are not ours would decide what runs, or be written.
unset NODE_OPTIONS NODE_PATH NODE_COMPILE_CACHE NODE_V8_COVERAGE NODE_REDIRECT_WARNINGS \
  NODE_REPL_EXTERNAL_MODULE NODE_USE_SYSTEM_CA NODE_ICU_DATA NODE_CHANNEL_FD NODE_UNIQUE_ID ICU_TIMEZONE_FILES_DIR \
  OPENSSL_CONF OPENSSL_CONF_INCLUDE OPENSSL_ENGINES OPENSSL_MODULES

# With these, Node.js would write to stderr, which under ssh -tt stands in front of the answer.
unset NODE_DEBUG NODE_DEBUG_NATIVE NODE_USE_ENV_PROXY
[ -r "${NODE_EXTRA_CA_CERTS-}" ] || unset NODE_EXTRA_CA_CERTS

# What has run this file already and was not fit to, one line of "PATH is WHAT" for each.
newline='
'
tried=${JUMPCLOUD_NODE_TRIED:+${JUMPCLOUD_NODE_TRIED%"$newline"}$newline}
unset JUMPCLOUD_NODE_TRIED
passed=''

# These are searched before PATH: /bin/sh comes from them, so they are trusted as far as it is.
system_folders=/usr/bin:/bin:/usr/sbin:/sbin
package_folder=/usr/lib/jumpcloud-system-context

# Whether this is root, and nothing may run that someone else can replace.
checks=''
if [ -O / ] || [ -O /proc ]; then checks=yes; fi

printable() { # sets $plain to $1 as it may stand in a JSON string
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
  printable "$1"
  printf '{"changed":false,"failed":true,"msg":"%s","warnings":[],' "$plain"
  printf '"error":{"code":"local_action_failed"}}\n'
  exit 1
}

no_node() { # $1: what was looked for, $2: what to do
  while [ -n "$tried" ]; do
    passed="$passed; ${tried%%"$newline"*}"
    tried=${tried#*"$newline"}
  done
  [ -z "$passed" ] || passed=" Passed over: ${passed#; }."
  fail "Node.js @required_node@ or later is needed to run this module; looked for $1.$passed $2"
}

pass_over() { # $1: what and why. Fails.
  case "$passed; " in
    *"; $1; "*) ;; # a folder stands in PATH twice
    *) passed="$passed; $1" ;;
  esac
  return 1
}

was_tried() { # whether $node is one of $tried, by whatever name
  rest=$tried
  while [ -n "$rest" ]; do
    line=${rest%%"$newline"*}
    # shellcheck disable=SC3013 # every shell that /bin/sh may be knows it
    [ "$node" -ef "${line% is *}" ] && return
    rest=${rest#*"$newline"}
  done
  return 1
}

# Looks at every directory and link on the way to $node, and at the file. A directory that others can
# write to is safe when it is sticky, as /tmp is, and leads on to a directory of root's.
only_root_can_replace_node() {
  real=$node
  for _ in 1 2 3 4 5 6 7 8 9; do # as many links at most
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

is_safe() { # whether $node may be run by who asks
  [ -n "$checks" ] || return 0
  case :$system_folders:$package_folder: in
    *:"${node%/*}":*)
      # Node.js looks at the modes itself when it runs, because ls takes 1 ms.
      [ -O "$node" ] && [ ! -h "$node" ] && [ -O "${node%/*}" ] && [ ! -h "${node%/*}" ] && return
      ;;
  esac
  [ -x /bin/ls ] || pass_over "$node cannot be checked without /bin/ls" || return
  only_root_can_replace_node || pass_over "$node is replaceable by someone other than root"
}

read_processor() { # sets $head to the first line of the file $1 without its NULs, and $processor
  head='' processor=''
  { LC_ALL=C IFS= read -r head; } 2>/dev/null <"$1"
  case $head in
    ?ELF*) rest=${head#?ELF} ;;
    *) return ;;
  esac
  processor=${rest%"${rest#??}"} # 32 or 64 bits, order of bytes
  rest=${rest#??}
  one=${rest%"${rest#?}"} # ELF's version, always 1: here, and again after the processor's number
  rest=${rest#?}
  rest=${rest%%"$one"*}
  processor=$processor${rest#"${rest%?}"}
}

# A shell takes what the kernel cannot run for a script, so that has to be found out before.
is_program() { # whether the kernel can run $node
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
          *) return 1 ;; # relative to the working folder
        esac
      done
      ;;
  esac
  # By its loader, because dash needs 3 ms to read the first line of itself.
  case $processor in
    ??'>') [ -e /lib64/ld-linux-x86-64.so.2 ] || [ -e /lib/ld-musl-x86_64.so.1 ] ;;
    *) [ -e /lib/ld-linux-aarch64.so.1 ] && [ "$processor" = "$(printf '\2\1\267')" ] ;;
  esac && return
  its=$processor
  read_processor /bin/sh
  [ "$its" = "$processor" ]
}

is_runnable() { # whether $node can be run
  [ -f "$node" ] || pass_over "$node is no file" || return
  [ -x "$node" ] || pass_over "$node is not executable" || return
  is_program || pass_over "$node is no program for this host"
}

is_fit() { # whether the $node that was found is to be run
  [ -e "$node" ] && ! was_tried || return
  is_safe && is_runnable
}

# Takes the folders out of PATH that depend on the working folder. For root it begins with the system's,
# here and for what a wrapper of Node.js runs.
clean_path() {
  path=${PATH-}
  remove_relative_folders
  [ -z "$checks" ] || export PATH="$system_folders${PATH:+:$PATH}"
}

remove_relative_folders() {
  case :$path: in
    *:[!/]*) ;;
    *) return ;;
  esac
  unset PATH # not empty: that is the working folder, too
  set -f
  IFS=:
  for folder in $path; do
    case $folder in
      /*) export PATH="${PATH+$PATH:}$folder" ;;
      *) pass_over "PATH's '$folder' is a relative folder" ;;
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
      *) node=./$JUMPCLOUD_NODE ;; # never from PATH
    esac
    if [ ! -e "$node" ]; then
      pass_over "$node does not exist"
    elif ! was_tried; then
      is_runnable && return
    fi
    no_node "an executable file at JUMPCLOUD_NODE=$JUMPCLOUD_NODE" \
      'Correct JUMPCLOUD_NODE, or unset it to have Node.js looked for.'
  fi

  node=$package_folder/node
  is_fit && return

  set -f
  IFS=:
  for folder in ${PATH-}; do
    for name in node nodejs; do
      node=$folder/$name
      is_fit && return
    done
  done
  unset IFS
  set +f

  for folder in /usr/local/bin /opt/nodejs/bin /opt/node*''/bin /snap/bin /opt/homebrew/bin; do
    node=$folder/node
    is_fit && return
  done
  case ${HOME:-/root} in
    /*)
      for folder in "${HOME:-/root}"/.nvm/versions/node/v[1-9][0-9].*''/bin; do
        set -- "$folder" "$@" # the last is the newest
      done
      ;;
  esac
  for folder; do
    node=$folder/node
    is_fit && return
  done
  no_node "$package_folder/node, node and nodejs in ${checks:+$system_folders and }PATH=$path and for node in \
/usr/local/bin, /opt/nodejs/bin, /opt/node*""/bin, /snap/bin, /opt/homebrew/bin, ~/.nvm" \
    'Install it, or set JUMPCLOUD_NODE=/path/to/node.'
}

# Node.js reads all of its own roots before it trusts one, where OpenSSL looks the one up in a folder
# by its hash: as curl and apt do, so that what the administrator of this host trusts and distrusts counts.
choose_ca_store() { # exports what makes Node.js trust as JUMPCLOUD_CA_STORE says
  case ${JUMPCLOUD_CA_STORE-} in
    bundled) export NODE_OPTIONS=--use-bundled-ca; return ;;
    system | '') ;;
    *) fail "JUMPCLOUD_CA_STORE is $JUMPCLOUD_CA_STORE, but may only be system or bundled. Correct or unset it." ;;
  esac
  if [ -z "${SSL_CERT_FILE-}${SSL_CERT_DIR-}" ]; then
    for file in /etc/ssl/certs/*.0 /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
      [ -e "$file" ] || continue
      case $file in
        *.0)
          # Kept by update-ca-certificates: not a few of somebody's own beside a bundle elsewhere.
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
go_on() { # $@: this file and its arguments. Looks for the next one.
  export JUMPCLOUD_NODE_TRIED="$tried$node is a program that could not be started$newline"
  exec /bin/sh "$@"
}

# Then $0 is the name of the shell, and would be read from the working folder.
case $- in
  *s*) fail 'This module cannot run from standard input. Give the shell its path.' ;;
esac
choose_ca_store
clean_path
find_node

# Where a program's loader is missing, exec fails: bash goes on then if asked to, others exit.
# shellcheck disable=SC3044
[ -z "${BASH_VERSION-}" ] || shopt -s execfail
trap 'go_on "$0" "$@"' EXIT

# The version is checked by the process that then runs the module, in words that every Node.js
# understands; one that is too old, or replaceable by its mode, has /bin/sh look for the next. Before
# Node.js 24, WebAssembly reserves 10 GB of address space unless a flag on the command line forbids it, so
# where that is limited Node.js runs itself again. The module is not required but
# read and compiled, because require() reads every package.json in and above the working folder and
# this file's, and obeys them. Most of it is run, so V8 compiles it as a whole, but nothing of
# Node.js's own before: it would otherwise read most functions twice, to find their end and when they
# are called. What bundle-module.ts begins with ends that.
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
function passOver() {
  var all = tried[0] + tried[1] + " is " + why + "\n", advice = "Set JUMPCLOUD_NODE=/path/to/node.";
  if (all.length > 2000) return fail("Too many were passed over: " + all.trim().split("\n").join("; ") + ". " + advice);
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
if (why) passOver();
else if (have[0] < 24 && needsFlag()) {
  why = "short of address space";
  run(process.execPath, [noTrapHandler].concat(process.execArgv, "--", tried, process.argv.slice(1)),
    "Raise the limit that it runs under (ulimit -v).");
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
