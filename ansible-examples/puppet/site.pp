# puppet apply --modulepath=modules --hiera_config=hiera.yaml site.pp
#
# The deb or rpm comes from your repository.
include jumpcloud

# A resource beside the class: the class passes it no option, and the host does not apply it at boot.
# Connection options of all resources can be defaults.
Jumpcloud_host {
  registration_timeout => 120,
}

# Each profile can add its own groups. Sections that several resources manage must not be exclusive,
# and each key of system must be in one resource only.
jumpcloud_host { 'profile::shop':
  groups => ['5f1a3b0c9d2e4f6a7b8c9d10'],
}
jumpcloud_host { 'profile::monitoring':
  groups => ['5f1a3b0c9d2e4f6a7b8c9d11'],
}
