#!/bin/sh
# Describes this host in JumpCloud at boot, on a host without systemd. Start it in the background as
# root, for example with cron's @reboot or from /etc/rc.local:
#
#   boot.sh /etc/jumpcloud/host.json &
#
# The program of the deb or rpm package makes the record agree with the document and prints the
# result. Exit status 75 means that a later run may succeed: then it runs again each minute. With
# systemd, enable jumpcloud-host.service of the package instead, which does the same.
#
# Exits with 0 if the record agrees with the document, and with 1 if a person must correct something.
set -eu

while :; do
  status=0
  /usr/lib/jumpcloud-system-context/describe-host "$@" || status=$?
  [ "$status" -eq 75 ] || exit "$status"
  sleep 60
done
