---
jumpcloud:
  repository:
    url: https://packages.example.com
    # The SHA-256 checksum of the public key jumpcloud-system-context.asc.
    key_sha256: >-
      2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
  # The options of jumpcloud_host. On a minion with an agent, neither
  # registration_timeout nor settle delays a later run. Without an agent, each
  # run waits for the whole registration_timeout and fails.
  document:
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
