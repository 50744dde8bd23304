# puppet apply --modulepath=modules --hiera_config=hiera.yaml site.pp
#
# The deb or rpm comes from your repository, or from the file jumpcloud::package_source.
include jumpcloud

# Each profile can add its own groups. Sections that several resources manage must not be exclusive.
jumpcloud_host { 'profile::shop':
  groups => ['5f1a3b0c9d2e4f6a7b8c9d10'],
}
jumpcloud_host { 'profile::monitoring':
  groups => ['5f1a3b0c9d2e4f6a7b8c9d11'],
}

# To remove a host that is retired, in place of the resources above:
#
#   jumpcloud_removal { 'retired': }
