# registration_timeout waits for the agent of a host that has just been made, settle until the agent's
# first initialisation no longer overwrites what was written. Both cost a later run nothing.
jumpcloud_keep 'jumpcloud_system' do
  options(
    display_name: node['hostname'],
    allow_ssh_root_login: false,
    attributes: { role: 'web', environment: 'production', owner: "the shop's team" },
    registration_timeout: 120,
    settle: 60
  )
end

jumpcloud_keep 'jumpcloud_group_membership' do
  options groups: %w(5f1a3b0c9d2e4f6a7b8c9d10)
end

jumpcloud_keep 'jumpcloud_user_binding' do
  options users: [{ id: '5f1a3b0c9d2e4f6a7b8c9d20', sudo: true }]
end
