#!/bin/sh
# Removes this host's record from JumpCloud (remove-on-poweroff.sh system), or all its associations
# (remove-on-poweroff.sh associations), if it is being powered off or halted. A reboot, or stopping
# the unit by hand, changes nothing. Run by jumpcloud-removal.service.
set -eu

scope=${1:?system or associations}

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
# exec: at the end of the unit's time, systemd's signal reaches the module, which then says how far it came.
exec /usr/local/lib/jumpcloud/jumpcloud_removal "{\"scope\": \"$scope\", \"timeout\": 45}"
