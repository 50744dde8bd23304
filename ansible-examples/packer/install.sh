#!/bin/sh
# Puts what Packer uploaded to /tmp/jumpcloud in its place, so that each clone of the image describes
# itself at boot. Enable jumpcloud-removal.service, too, for clones that never come back.
set -eu
cd /tmp/jumpcloud

# What stays out of the image: the modules' documentation, and the one that takes an API key.
rm -f modules/*.yml modules/jumpcloud_names
install -d /usr/local/lib/jumpcloud
install -m 755 modules/jumpcloud_* /usr/local/lib/jumpcloud/
install -m 755 boot.sh /usr/local/lib/jumpcloud/describe-host
install -m 755 systemd/remove-on-poweroff.sh /usr/local/lib/jumpcloud/remove-on-poweroff
install -D -m 644 -t /etc/systemd/system systemd/*.service
install -D -m 600 host.json /etc/jumpcloud/host.json

# Where they do not run, the build ends here, and says what is missing, instead of every clone's boot.
/usr/local/lib/jumpcloud/jumpcloud_host --version
