---
# Keeps this minion's JumpCloud record as described. The executables lie in
# /usr/local/lib/jumpcloud.
#
# `unless` runs a module with --check --detailed-exitcode: 0, nothing would
# change, skips the state. 2, something would, and 1, a failure, both run it, so
# that a failure fails the state and shows why. With test=True only the check
# runs, and says truly whether something would change.

/etc/jumpcloud/system.json:
  file.serialize:
    - serializer: json
    - makedirs: true
    - mode: '0600'
    - dataset:
        description: Serves the shop
        allow_ssh_root_login: false
        attributes:
          role: web
          environment: production
        registration_timeout: 120
        settle: 60

jumpcloud_system:
  cmd.run:
    - name: >-
        /usr/local/lib/jumpcloud/jumpcloud_system
        /etc/jumpcloud/system.json
    - unless: >-
        /usr/local/lib/jumpcloud/jumpcloud_system
        /etc/jumpcloud/system.json
        --check --detailed-exitcode
    - require:
        - file: /etc/jumpcloud/system.json

/etc/jumpcloud/groups.json:
  file.serialize:
    - serializer: json
    - makedirs: true
    - mode: '0600'
    - dataset:
        groups:
          - 5f1a3b0c9d2e4f6a7b8c9d10

jumpcloud_group_membership:
  cmd.run:
    - name: >-
        /usr/local/lib/jumpcloud/jumpcloud_group_membership
        /etc/jumpcloud/groups.json
    - unless: >-
        /usr/local/lib/jumpcloud/jumpcloud_group_membership
        /etc/jumpcloud/groups.json
        --check --detailed-exitcode
    - require:
        - file: /etc/jumpcloud/groups.json
        - cmd: jumpcloud_system
