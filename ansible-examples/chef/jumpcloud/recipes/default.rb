# The executables lie in /usr/local/lib/jumpcloud and need Node.js 18.17 or later: without it the resource
# fails and says so.
#
# registration_timeout waits for the agent of a host that has just been made, settle until the agent's
# first initialisation no longer overwrites what was written. Both cost a later run nothing.
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
