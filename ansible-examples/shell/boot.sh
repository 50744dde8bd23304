#!/bin/sh
# Describes this host in JumpCloud: its settings, groups and users. Run it as root at every boot (by
# ../systemd/jumpcloud-boot.service, for example): when everything is as described it changes nothing.
#
# Exits with 0 when JumpCloud agrees;
#           75 when the network or JumpCloud was down or busy for longer than a module retries by
#              itself: run it again later;
#            1 when somebody has to correct something first. The answer says what.
set -eu

# $1: a module; its options come as JSON on standard input.
keep() {
  status=0
  answer=$("/usr/local/lib/jumpcloud/$1" -) || status=$?
  printf '%s: %s\n' "$1" "$answer"
  [ "$status" -ne 0 ] || return 0
  case $answer in
    *'"error":{"code":"unavailable"'* | *'"error":{"code":"rate_limited"'*) exit 75 ;;
    *) exit 1 ;;
  esac
}

# registration_timeout waits for the agent of a host that has just been made, settle until the agent's
# first initialisation no longer overwrites what was written. Both cost a later boot nothing.
keep jumpcloud_system <<OPTIONS
{
  "display_name": "$(uname -n)",
  "allow_ssh_root_login": false,
  "allow_ssh_password_authentication": false,
  "attributes": { "role": "web", "environment": "production" },
  "registration_timeout": 600,
  "settle": 60
}
OPTIONS

keep jumpcloud_group_membership <<'OPTIONS'
{ "groups": ["5f1a3b0c9d2e4f6a7b8c9d10", "5f1a3b0c9d2e4f6a7b8c9d11"] }
OPTIONS

keep jumpcloud_user_binding <<'OPTIONS'
{ "users": [{ "id": "5f1a3b0c9d2e4f6a7b8c9d20", "sudo": true }, "5f1a3b0c9d2e4f6a7b8c9d21"] }
OPTIONS
