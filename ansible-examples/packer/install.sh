#!/bin/sh
# Installs the packages that Packer uploaded, and prepares the removal of the build host.
set -eu

if command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get -o DPkg::Lock::Timeout=300 update
  apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends ./jumpcloud-build/*.deb
else
  # The default Node.js of Red Hat and its relatives, 8 and 9, is too old.
  if grep -qE '^PLATFORM_ID="platform:el[89]"' /etc/os-release; then
    dnf -y module enable nodejs:22
  fi
  dnf install -y ./jumpcloud-build/*.rpm
fi

# Removes the record of the build host if the build fails and its machine is powered off, and that of
# each clone when it is powered off. A clone that is only stopped loses its record too. If your clones
# are started again, see "At poweroff" in docs/autoscaling.md.
systemctl enable --now jumpcloud-removal.service
