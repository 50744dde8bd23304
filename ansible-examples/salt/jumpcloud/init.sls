---
# Keeps this minion's JumpCloud record as described. The deb or rpm package must
# be installed.
#
# `unless` runs the module with --check --detailed-exitcode. Exit status 0
# (nothing would change) skips the state. 2 (a change) and 1 (a failure) both
# run it, so that a failure fails the state and shows why. With test=True only
# the check runs, so the state reports whether something would change.

/etc/jumpcloud/host.json:
  file.serialize:
    - serializer: json
    - makedirs: true
    - mode: '0600'
    - dataset:
        system:
          description: Serves the shop
          allow_ssh_root_login: false
          attributes:
            role: web
            environment: production
          settle: 60
        groups:
          - 5f1a3b0c9d2e4f6a7b8c9d10
        registration_timeout: 120

jumpcloud_host:
  cmd.run:
    - name: >-
        /usr/bin/jumpcloud_host
        /etc/jumpcloud/host.json
    - unless: >-
        /usr/bin/jumpcloud_host
        /etc/jumpcloud/host.json
        --check --detailed-exitcode
    - require:
        - file: /etc/jumpcloud/host.json
