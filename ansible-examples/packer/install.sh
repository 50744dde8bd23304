#!/bin/sh
# Installs the files that Packer uploaded to /tmp/jumpcloud, so that each clone of the image
# describes itself at boot. For clones that are never started again, also enable
# jumpcloud-removal.service.
set -eu
cd /tmp/jumpcloud

# Not for the image: the modules' documentation, and the module that takes an API key.
rm -f modules/*.yml modules/jumpcloud_names
install -d /usr/local/lib/jumpcloud
install -m 755 modules/jumpcloud_* /usr/local/lib/jumpcloud/
install -m 755 boot.sh /usr/local/lib/jumpcloud/describe-host
install -m 755 systemd/remove-on-poweroff.sh /usr/local/lib/jumpcloud/remove-on-poweroff
install -D -m 644 -t /etc/systemd/system systemd/*.service
install -D -m 600 host.json /etc/jumpcloud/host.json

# If the modules cannot run, the build fails here with the reason, instead of every clone at boot.
/usr/local/lib/jumpcloud/jumpcloud_host --version
