# frozen_string_literal: true

provides :jumpcloud_removal
unified_mode true
description "Removes this host's record, or all its associations, from JumpCloud."

property :scope, String, equal_to: %w[system associations]
property :stop_agent, [true, false]
property :purge_identity, [true, false]
property :agent_dir, String
property :api_url, String
property :ca_path, String
property :proxy, String, sensitive: true
property :region, String, equal_to: %w[auto us eu in]
property :registration_timeout, Numeric
property :request_timeout, Numeric
property :system_id, String
property :timeout, Numeric

action :remove, description: 'Removes what is left of the host.' do
  executable = '/usr/bin/jumpcloud_removal'
  plan = JumpcloudCookbook::Executable.run(executable, new_resource, '--check', '--diff')
  if plan['changed']
    converge_by("remove #{JSON.generate(plan['diff']['before'])}") do
      JumpcloudCookbook::Executable.run(executable, new_resource)
    end
  end
end
