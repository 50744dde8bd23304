# The executables must be in /usr/local/lib/jumpcloud. They need Node.js 18.17 or later; without it
# the resource fails with a message that says so.
#
# On a new host, registration_timeout waits for the agent to register, and settle until the agent's
# first initialisation no longer overwrites the settings. Neither delays a later run.
jumpcloud_keep 'jumpcloud_host' do
  options(
    system: {
      display_name: node['hostname'],
      allow_ssh_root_login: false,
      attributes: { role: 'web', environment: 'production', owner: "the shop's team" },
      settle: 60
    },
    groups: %w(5f1a3b0c9d2e4f6a7b8c9d10),
    users: [{ id: '5f1a3b0c9d2e4f6a7b8c9d20', sudo: true }],
    registration_timeout: 120
  )
end
