#!/bin/sh
# Removes this host from JumpCloud if it is being powered off or halted, with the options in a file
# (remove-on-poweroff.sh /etc/jumpcloud/removal.json). Without that file it deletes the record. A
# reboot, or stopping the unit by hand, changes nothing. Run by jumpcloud-removal.service.
set -eu

# During a shutdown systemd has a job for its target: "42 poweroff.target start waiting".
jobs=$(systemctl list-jobs --no-legend --plain)
for_good=
while read -r _ unit action _; do
  case $unit:$action in
    poweroff.target:start | halt.target:start) for_good=yes ;;
  esac
done <<JOBS
$jobs
JOBS

if [ -z "$for_good" ]; then
  echo 'This host is not being powered off: it stays in JumpCloud.'
  exit 0
fi

options=$1
# If the file exists but cannot be read, the removal must fail: the file may ask for less.
[ -e "$options" ] || [ -L "$options" ] || options='{"timeout": 45}'
# If the unit's time runs out, systemd sends SIGTERM to the module too. Wait for its result, which
# lists what was done.
trap : TERM
status=0
/usr/local/lib/jumpcloud/jumpcloud_removal "$options" || status=$?
[ "$status" -eq 0 ] ||
  echo 'The removal failed: this host or its associations may still be in JumpCloud. Unless it is started again, look for it in the Admin Portal.' >&2
exit "$status"
