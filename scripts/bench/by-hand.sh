#!/usr/bin/env bash
# A typical script without error handling: openssl signs a request that writes, and curl sends it.
set -euo pipefail
agent_dir=$1 api_url=$2 display_name=$3

system_key=$(sed -n 's/.*"systemKey":"\([0-9a-f]*\)".*/\1/p' "$agent_dir/jcagent.conf")
path=/api/systems/$system_key

call() { # $1: the method, the rest: arguments of curl
  local method=$1 date signature
  shift
  date=$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')
  signature=$(printf '%s %s HTTP/1.1\ndate: %s' "$method" "$path" "$date" |
    openssl dgst -sha256 -sign "$agent_dir/client.key" | openssl enc -base64 -A)
  curl -sS --fail -X "$method" "$api_url$path" -H "Date: $date" \
    -H "Authorization: Signature keyId=\"system/$system_key\",headers=\"request-line date\",algorithm=\"rsa-sha256\",signature=\"$signature\"" \
    -H 'Accept: application/json' "$@"
}

call PUT -H 'Content-Type: application/json' -d "{\"displayName\":\"$display_name\"}" >/dev/null
