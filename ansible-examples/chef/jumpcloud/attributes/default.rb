# frozen_string_literal: true

# The options of jumpcloud_host. Lists are hashes: { 'ID' => true }. An option that is not given is not managed.
default['jumpcloud']['document'] = {}

# Whether the Chef run continues after a failure, for instance on a host without the agent.
default['jumpcloud']['ignore_failure'] = false

# Whether the recipe installs the package, and which version. Without a version, an installed package stays.
default['jumpcloud']['manage_package'] = true
default['jumpcloud']['package_version'] = nil
