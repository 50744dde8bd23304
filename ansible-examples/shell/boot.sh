#!/bin/sh
# Makes this host's JumpCloud record agree with a document (boot.sh /etc/jumpcloud/host.json; there
# is a host.json beside this file) and prints the result. Run it as root at every boot, for example
# with ../systemd/jumpcloud-host.service. Without drift it changes nothing. A second argument is a
# file for monitoring, which is replaced with the result, its time and its outcome.
#
# Exits with 0 if the record agrees with the document;
#           75 if a later run may succeed: the agent has not registered yet, the clock is not set
#              yet, a fact is unavailable, or the network or JumpCloud is down or busy;
#            1 if a person must correct something first, for example install Node.js. The result
#              says what.
set -eu

# Sets the text that systemctl status shows.
show() {
  [ -z "${NOTIFY_SOCKET-}" ] || systemd-notify --status="$1" || true
}

# Writes the result with an outcome to a file. A failure is reported and changes nothing else.
keep() {
  [ -n "$2" ] || return 0
  case $answer in '{'*'}') result=$answer ;; *) result=null ;; esac
  now=$(date -u '+"time":"%Y-%m-%dT%H:%M:%SZ","timestamp":%s')
  (
    umask 077
    printf '{"unit":"jumpcloud-host.service",%s,"outcome":"%s","result":%s}\n' \
      "$now" "$1" "$result" >"$2.new" && mv -f "$2.new" "$2"
  ) || printf 'The result could not be written to %s.\n' "$2" >&2
}

# systemd sends SIGTERM to the module too. Wait for its result; a stop is not a failure.
stopping=
trap 'stopping=yes' TERM

show 'Waiting for the JumpCloud agent if it has not registered yet, then describing this host.'
status=0
answer=$(/usr/local/lib/jumpcloud/jumpcloud_host "$1") || status=$?
printf '%s\n' "$answer"
# systemctl status cuts that long line, so print its message on a separate line.
sentence=$(
  printf '%s\n' "$answer" |
    sed -nE 's/^\{"changed":[a-z]+,("failed":true,)?"msg":"(([^"\\]|\\.)*)".*/\2/p' |
    sed -E 's/\\n/ /g; s/\\(.)/\1/g'
) || true
if [ -n "$sentence" ]; then
  printf '%s\n' "$sentence"
  show "$sentence"
fi

if [ "$status" -eq 0 ]; then
  case $answer in '{"changed":true'*) outcome=changed ;; *) outcome=unchanged ;; esac
elif [ -n "$stopping" ]; then
  outcome=stopped
  status=0
else
  case $answer in
    *'"error":{"code":"not_enrolled"'* | *'"error":{"code":"unavailable"'* | \
      *'"error":{"code":"rate_limited"'* | *'"error":{"code":"interrupted"'* | \
      *'"error":{"code":"fact_unavailable"'*) status=75 ;;
    # The certificate seems to be from another time, so the clock may not be set yet.
    *'"error":{"code":"tls"'*'"reason":"CERT_NOT_YET_VALID"'* | \
      *'"error":{"code":"tls"'*'"reason":"CERT_HAS_EXPIRED"'*) status=75 ;;
    *) status=1 ;;
  esac
  if [ "$status" -eq 75 ]; then outcome=retrying; else outcome=failed; fi
fi
keep "$outcome" "${2-}"
exit "$status"
