#!/bin/sh
# Removes this host from JumpCloud if it is being powered off or halted, with the options in a file
# (remove-on-poweroff.sh /etc/jumpcloud/removal.json). Without that file it deletes the record. A
# reboot, or stopping the unit by hand, changes nothing. A second argument is a file for monitoring,
# which is replaced with the result, its time and its outcome. Run by jumpcloud-removal.service.
set -eu

# Writes the result with an outcome to a file. A failure is reported and changes nothing else.
keep() {
  [ -n "$2" ] || return 0
  case $answer in '{'*'}') result=$answer ;; *) result=null ;; esac
  now=$(date -u '+"time":"%Y-%m-%dT%H:%M:%SZ","timestamp":%s')
  (
    umask 077
    printf '{"unit":"jumpcloud-removal.service",%s,"outcome":"%s","result":%s}\n' \
      "$now" "$1" "$result" >"$2.new" && mv -f "$2.new" "$2"
  ) || printf 'The result could not be written to %s.\n' "$2" >&2
}

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
answer=$(/usr/local/lib/jumpcloud/jumpcloud_removal "$options") || status=$?
printf '%s\n' "$answer"
if [ "$status" -eq 0 ]; then
  case $answer in '{"changed":true'*) outcome=changed ;; *) outcome=unchanged ;; esac
else
  outcome=failed
  echo 'The removal failed: this host or its associations may still be in JumpCloud. Unless it is started again, look for it in the Admin Portal.' >&2
fi
keep "$outcome" "${2-}"
exit "$status"
