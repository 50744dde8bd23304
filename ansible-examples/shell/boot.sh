#!/bin/sh
# Describes this host in JumpCloud as a document says (boot.sh /etc/jumpcloud/host.json; host.json lies
# beside this file) and prints the answer. Run it as root at every boot, by
# ../systemd/jumpcloud-host.service for example: when everything is as described it changes nothing.
#
# Exits with 0 when JumpCloud agrees;
#           75 when it may come right by itself, so run it again later: the agent has not registered
#              yet, the clock is not set yet, the network or JumpCloud is down or busy;
#            1 when somebody has to correct something first, install Node.js for example. The answer
#              says what.
set -eu

# What systemctl status shows.
show() {
  [ -z "${NOTIFY_SOCKET-}" ] || systemd-notify --status="$1" || true
}

# systemd tells the module as well. Its answer is waited for, and stopping is no failure.
stopping=
trap 'stopping=yes' TERM

show 'Waiting for the JumpCloud agent if it has not registered yet, then describing this host.'
status=0
answer=$(/usr/local/lib/jumpcloud/jumpcloud_host "$1") || status=$?
printf '%s\n' "$answer"
# systemctl status shows the beginning of that long line, so the sentence in it follows by itself.
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
  # A certificate from another time: this clock may not have been set yet.
  *'"error":{"code":"tls"'*'"reason":"CERT_NOT_YET_VALID"'* | \
    *'"error":{"code":"tls"'*'"reason":"CERT_HAS_EXPIRED"'*) exit 75 ;;
esac
exit 1
