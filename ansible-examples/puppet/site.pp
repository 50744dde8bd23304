# puppet apply --modulepath=modules site.pp
#
# registration_timeout waits for the agent of a host that has just been made, settle until the agent's
# first initialisation no longer overwrites what was written. Both cost a later run nothing.
jumpcloud::keep { 'jumpcloud_system':
  options => {
    display_name         => $facts['networking']['hostname'],
    allow_ssh_root_login => false,
    attributes           => { role => 'web', environment => 'production', owner => "the shop's team" },
    registration_timeout => 120,
    settle               => 60,
  },
}

-> jumpcloud::keep { 'jumpcloud_group_membership':
  options => { groups => ['5f1a3b0c9d2e4f6a7b8c9d10'] },
}

-> jumpcloud::keep { 'jumpcloud_user_binding':
  options => { users => [{ id => '5f1a3b0c9d2e4f6a7b8c9d20', sudo => true }] },
}
