#!/bin/sh
# Installs the package that Packer uploaded to /tmp/jumpcloud, and the document with which each clone
# of the image describes itself at boot. For clones that are never started again, also enable
# jumpcloud-removal.service.
set -eu
cd /tmp/jumpcloud

# apt and dnf go by the name of the file.
if command -v apt-get >/dev/null; then
  mv package package.deb
  DEBIAN_FRONTEND=noninteractive apt-get install -y ./package.deb
else
  mv package package.rpm
  dnf install -y ./package.rpm
fi
install -D -m 600 host.json /etc/jumpcloud/host.json
systemctl enable jumpcloud-host.service

# If the modules cannot run, or the document has an error, the build fails here with the reason, instead
# of every clone at boot.
/usr/bin/jumpcloud_host --validate /etc/jumpcloud/host.json
