---
# The options of jumpcloud_host. On a new minion, registration_timeout waits for
# the agent to register, and settle until the agent's first initialisation no
# longer overwrites the settings. Neither delays a later run.
jumpcloud:
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
