#!/bin/sh
# Checks documents of jumpcloud_host, for example in a CI job: validate.sh FILE...
# Needs Node.js and the module, but no agent, no credentials and no network.
set -eu
status=0
for document; do
  jumpcloud_host --validate "$document" || status=1
done
exit "$status"
