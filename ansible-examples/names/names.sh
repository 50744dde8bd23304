#!/bin/sh
# A CI job: writes names.json, sorted, to be committed and carried by images. On a host the option
# names takes its path, so that a boot document says names too:
#
#   { "names": "/etc/jumpcloud/names.json", "groups": ["web"], "users": ["ada"] }
#
# JUMPCLOUD_API_KEY comes from the secrets of the CI, never from a command line, which every process
# of the machine can read. A read-only administrator's key is enough. names.json holds no secret, but
# the names of everything listed: users are listed one by one for that.
#
# Exits with 0 when names.json is up to date, else with 1 and leaves it as it was. Needs jq.
set -eu

answer=$(/usr/local/lib/jumpcloud/jumpcloud_names - <<'OPTIONS'
{
  "system_groups": "all",
  "user_groups": "all",
  "users": ["ada", "barbara"]
}
OPTIONS
) || {
  printf '%s\n' "$answer" | jq --raw-output .msg >&2
  exit 1
}
printf '%s\n' "$answer" | jq --raw-output '.warnings[]' >&2
printf '%s\n' "$answer" | jq --sort-keys .names >names.json.new
mv names.json.new names.json
