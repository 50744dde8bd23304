# Keeps this host's JumpCloud record as described, by jumpcloud_host or a module for one concern.
provides :jumpcloud_keep
unified_mode true

property :module_name, String, name_property: true
# The module's options.
property :options, Hash, default: {}

action :keep do
  # Without a shell in between, nothing has to be quoted.
  call = ["/usr/local/lib/jumpcloud/#{new_resource.module_name}", new_resource.options.to_json]

  # The guard is the module itself: with --check --detailed-exitcode it exits with 0 when nothing
  # would change, and the command is not run. 2, something would change, and 1, a failure, both run
  # it, so that a failure fails the resource and shows why.
  execute "keep #{new_resource.module_name}" do
    command call
    not_if call + %w(--check --detailed-exitcode)
    timeout 900
  end
end
