#!/bin/sh
# Installs the package's systemd units on a host where the modules were installed with npm. Run it as
# root in a clone of this repository:
#
#   npm install -g ./jumpcloud-system-context-*.tgz
#   ansible-examples/systemd/install.sh
#
# The deb and rpm packages contain the units. A copy in /etc would hide those of a package, also after
# each upgrade. So this refuses to run where a package is installed. Before you install a package,
# remove the copies:
#
#   rm -r /etc/systemd/system/jumpcloud-*  /usr/local/lib/jumpcloud-system-context
set -eu

source=$(dirname "$0")/../../packaging/systemd
programs=/usr/local/lib/jumpcloud-system-context

if [ -e /usr/lib/systemd/system/jumpcloud-host.service ]; then
  echo 'A package has installed the units. Enable them: systemctl enable --now jumpcloud-host' >&2
  exit 1
fi
modules=$(dirname "$(command -v jumpcloud_host)") || {
  echo 'jumpcloud_host is not on PATH. Install the npm package first.' >&2
  exit 1
}

install -d "$programs" /etc/systemd/system
for program in "$source"/programs/*; do
  copy=$programs/${program##*/}
  sed "s|/usr/bin/jumpcloud_|$modules/jumpcloud_|" "$program" >"$copy"
  chmod 755 "$copy"
done
for unit in "$source"/units/*; do
  copy=/etc/systemd/system/${unit##*/}
  sed -e '/^Documentation=/d' -e "s|/usr/lib/jumpcloud-system-context/|$programs/|" "$unit" >"$copy"
  chmod 644 "$copy"
done
systemctl daemon-reload
