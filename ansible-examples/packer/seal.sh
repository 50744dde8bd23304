#!/bin/sh
# Installs the document that describes the clones, and removes what they must not share. Run it last.
set -eu

# Only now, so that a reboot during the build does not describe the build host as a clone. The build
# fails here if the modules cannot run or the document is not valid. JumpCloud checks the ids in it when
# a clone runs it.
install -D -m 600 jumpcloud-build/host.json /etc/jumpcloud/host.json
if [ -e jumpcloud-build/names.json ]; then
  install -m 600 jumpcloud-build/names.json /etc/jumpcloud/names.json
fi
/usr/bin/jumpcloud_host --validate /etc/jumpcloud/host.json
rm -f /etc/jumpcloud/before.json* /etc/jumpcloud/host.json.old* /etc/jumpcloud/host.json.new
systemctl enable jumpcloud-host.service

# The agent's identity and the build host's record. If JumpCloud does not answer, the build fails here,
# while the machine can still be reached. The module stops the agent first, because a connected agent
# uninstalls itself once its record is gone. It deletes the agent's key last, when JumpCloud no longer
# accepts it. Without an agent, there is nothing to remove.
/usr/bin/jumpcloud_removal '{"stop_agent": true, "purge_identity": true}'

# Packages that were downloaded.
if command -v apt-get >/dev/null; then apt-get clean; else dnf clean all; fi

# What cloud-init remembers, so that it treats a clone as a new instance.
if command -v cloud-init >/dev/null; then cloud-init clean --logs; fi

# Logs, which name the build host, and the files of this build.
rm -rf /var/log/journal/*
find /var/log/ -type f -exec truncate -s 0 {} +
rm -rf jumpcloud-build /root/.ansible /home/*/.ansible

# The identity of the machine: systemd makes a new one at the first boot of a clone. The service that is
# stopped would write the seed again at poweroff.
systemctl stop systemd-random-seed.service
rm -f /var/lib/systemd/random-seed /var/lib/systemd/credential.secret /var/lib/dbus/machine-id
: >/etc/machine-id

# The tombstone of jumpcloud_removal, which contains the id of the build host's record.
rm -f /opt/jc/.removed-from-jumpcloud

# The SSH host keys, last of all: no one can log in without them. Packer's open connection still works,
# also for ssh_clear_authorized_keys of a cloud builder. cloud-init makes new ones, as does
# sshd-keygen on Red Hat. For a Debian without cloud-init, add a unit that runs ssh-keygen -A before
# ssh.service.
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
