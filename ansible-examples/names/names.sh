#!/bin/sh
# A CI job: writes names.json, sorted, to commit and to put into images. On a host, the option names
# takes its path, so that a boot document can use names too:
#
#   { "names": "/etc/jumpcloud/names.json", "groups": ["web"], "users": ["ada"] }
#
# JUMPCLOUD_CLIENT_ID and JUMPCLOUD_CLIENT_SECRET, of a service account with a read-only role, come from
# the secrets of the CI, never from a command line, which every process of the machine can read.
# names.json contains no secret, but the names of all listed objects, so list only the users that are
# needed. Where a tag chooses a host's groups, list only the groups that it may choose.
#
# Needs jq, and jumpcloud_names on PATH, where the deb, rpm and npm packages put it. Exits with 0 if
# names.json is up to date, else with 1, and leaves the file as it was.
set -eu

answer=$(jumpcloud_names - <<'OPTIONS'
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
