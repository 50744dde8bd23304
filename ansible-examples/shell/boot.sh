#!/bin/sh
# Makes this host's JumpCloud record agree with a document (boot.sh /etc/jumpcloud/host.json; there
# is a host.json beside this file) and prints the result. Run it as root at every boot, for example
# with ../systemd/jumpcloud-host.service. Without drift it changes nothing.
#
# Exits with 0 if the record agrees with the document;
#           75 if a later run may succeed: the agent has not registered yet, the clock is not set
#              yet, or the network or JumpCloud is down or busy;
#            1 if a person must correct something first, for example install Node.js. The result
#              says what.
set -eu

# Sets the text that systemctl status shows.
show() {
  [ -z "${NOTIFY_SOCKET-}" ] || systemd-notify --status="$1" || true
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
if [ "$status" -eq 0 ] || [ -n "$stopping" ]; then exit 0; fi
case $answer in
  *'"error":{"code":"not_enrolled"'* | *'"error":{"code":"unavailable"'* | \
    *'"error":{"code":"rate_limited"'* | *'"error":{"code":"interrupted"'*) exit 75 ;;
  # The certificate seems to be from another time, so the clock may not be set yet.
  *'"error":{"code":"tls"'*'"reason":"CERT_NOT_YET_VALID"'* | \
    *'"error":{"code":"tls"'*'"reason":"CERT_HAS_EXPIRED"'*) exit 75 ;;
esac
exit 1
