# frozen_string_literal: true

provides :jumpcloud_removal
unified_mode true
description "Removes this host's record, or all its associations, from JumpCloud."

property :scope, String, equal_to: %w[system associations]
property :stop_agent, [true, false]
property :purge_identity, [true, false]

property :agent_dir, String, desired_state: false
property :api_url, String, desired_state: false
property :ca_path, String, desired_state: false
property :proxy, String, desired_state: false, sensitive: true
property :region, String, desired_state: false, equal_to: %w[auto us eu in]
property :registration_timeout, Numeric, desired_state: false
property :request_timeout, Numeric, desired_state: false
property :system_id, String, desired_state: false
property :timeout, Numeric, desired_state: false

action :remove, description: 'Removes what is left of the host.' do
  executable = '/usr/bin/jumpcloud_removal'
  plan = JumpcloudCookbook::Executable.check(executable, new_resource)
  if plan.nil? || plan['changed']
    details = ": #{JSON.generate(plan['diff']['before'])}" if plan && !new_resource.sensitive
    converge_by("remove the #{new_resource.scope || 'system'} from JumpCloud#{details}") do
      JumpcloudCookbook::Executable.run(executable, new_resource)
    end
  end
end

# A removal has to be asked for. Chef makes the first action the default, so this line comes after it.
default_action :nothing
