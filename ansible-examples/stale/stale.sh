#!/bin/sh
# A CI job: reports stale records, and deletes them if it is called with "delete".
#
# JUMPCLOUD_CLIENT_ID and JUMPCLOUD_CLIENT_SECRET come from the secrets of the CI. To report, the
# service account needs a read-only role only.
#
# The query lists the instances of one account and region. If your hosts are in several, run the job in
# each, and limit it to records with these attributes, which the hosts write with expand_facts:
#
#   ATTRIBUTES='{"account": "123456789012", "region": "eu-central-1"}' stale.sh
#
# Needs jq and the cloud's CLI. Prints one line for each stale record. Exits with 1 if it failed.
set -eu
state=reported
if [ "${1:-}" = delete ]; then state=absent; fi

# An error of the CLI ends the job here. The module refuses an empty list.
instances=$(aws ec2 describe-instances \
  --filters Name=instance-state-name,Values=pending,running,stopping,stopped \
  --query 'Reservations[].Instances[].InstanceId' --output json)

options=$(jq -n --arg state "$state" --argjson instances "$instances" \
  --argjson attributes "${ATTRIBUTES:-null}" '{
  inactive_days: 14,
  alive: { attribute: "instance_id", values: $instances },
  attributes: $attributes,
  state: $state
}')
answer=$(printf '%s' "$options" | jumpcloud_stale_systems -) || {
  printf '%s\n' "$answer" | jq --raw-output .msg >&2
  exit 1
}
printf '%s\n' "$answer" | jq --raw-output '.warnings[]' >&2
printf '%s\n' "$answer" | jq --raw-output '.stale[] | "\(.hostname) \(.id): \(.reason)"'
