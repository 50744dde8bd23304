#!/bin/sh
# Removes what the clones of an image must not share. Run it last. Every command can be repeated.
set -eu

# Package lists and caches.
if command -v apt-get >/dev/null; then apt-get clean; else dnf clean all; fi

# The identity of the machine: systemd makes a new one at the first boot of a clone.
: >/etc/machine-id
rm -f /var/lib/dbus/machine-id /var/lib/systemd/random-seed

# The SSH host keys. cloud-init makes new ones, as does sshd-keygen on Red Hat. For a Debian without
# cloud-init, add a unit that runs ssh-keygen -A before ssh.service.
rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub

# What cloud-init remembers, so that it treats a clone as a new instance.
if command -v cloud-init >/dev/null; then cloud-init clean --logs; fi

# Logs, which name the build host, and the files of this build.
if command -v journalctl >/dev/null; then journalctl --rotate --vacuum-time=1s; fi
rm -f /var/log/jcagent.log /var/log/jumpcloud*.log
rm -rf /tmp/jumpcloud

# The agent, last of all. The module stops it first, because a connected agent uninstalls itself once
# its record is gone. It deletes the agent's key last, when JumpCloud no longer accepts it.
/usr/bin/jumpcloud_removal '{"stop_agent": true, "purge_identity": true}'
