#!/bin/sh
# Takes this host out of JumpCloud if it is being powered off or halted, with the options in a file
# (remove-on-poweroff.sh /etc/jumpcloud/removal.json) or, without that file, by deleting its record. A
# reboot, or stopping the unit by hand, changes nothing. Run by jumpcloud-removal.service.
set -eu

# A system that shuts down has a job for the target it is heading for: "42 poweroff.target start waiting".
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
# A file that is there and cannot be read must stop the removal: it may ask for less.
[ -e "$options" ] || [ -L "$options" ] || options='{"timeout": 45}'
# At the end of the unit's time systemd's signal reaches the module as well, whose answer, how far it
# came, is waited for.
trap : TERM
status=0
/usr/local/lib/jumpcloud/jumpcloud_removal "$options" || status=$?
[ "$status" -eq 0 ] ||
  echo 'What was to be removed may still be in JumpCloud. Unless this host is started again, look for it in the Admin Portal.' >&2
exit "$status"
