# Keeps this host's JumpCloud record as described, with jumpcloud_host or another module.
provides :jumpcloud_keep
unified_mode true

property :module_name, String, name_property: true
# The module's options.
property :options, Hash, default: {}

action :keep do
  # An array is run without a shell, so nothing needs quoting.
  call = ["/usr/local/lib/jumpcloud/#{new_resource.module_name}", new_resource.options.to_json]

  # The module is its own guard. With --check --detailed-exitcode its exit status is 0 if nothing
  # would change, and the command is not run. 2 (a change) and 1 (a failure) both run the command,
  # so that a failure fails the resource and shows why.
  execute "keep #{new_resource.module_name}" do
    command call
    not_if call + %w(--check --detailed-exitcode)
    timeout 900
  end
end
