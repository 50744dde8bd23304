# frozen_string_literal: true

provides :jumpcloud_host
unified_mode true
description "Keeps sections of this host's JumpCloud record as described."

# The sections. One that is not given is not managed.
property :system, Hash
property :groups, Array
property :users, Array
property :user_groups, Array
property :policies, Array
property :policy_groups, Array
property :commands, Array

property :exclusive, Array, desired_state: false
property :expand_facts, [true, false], desired_state: false
property :keep, Hash, desired_state: false
property :names, [Hash, String], desired_state: false
property :agent_dir, String, desired_state: false
property :api_url, String, desired_state: false
property :ca_path, String, desired_state: false
property :proxy, String, desired_state: false, sensitive: true
property :region, String, desired_state: false, equal_to: %w[auto us eu in]
property :registration_timeout, Numeric, desired_state: false
property :request_timeout, Numeric, desired_state: false
property :system_id, String, desired_state: false
property :timeout, Numeric, desired_state: false

# Compares the record with the description. A section without drift gets the described value, so
# that converge_if_changed shows the other sections only.
load_current_value do |desired|
  executable = '/usr/bin/jumpcloud_host'
  # Why-run only names the package that a run would install first.
  current_value_does_not_exist! if Chef::Config[:why_run] && !::File.exist?(executable)
  sections = desired.class.state_properties.map(&:name).select { |name| desired.property_is_set?(name) }
  before, after = JumpcloudCookbook::Executable
                  .run(executable, desired, '--check', '--diff')['diff'].values_at('before', 'after')
  sections.each do |section|
    key = section.to_s
    public_send(section, before[key] == after[key] ? desired.public_send(section) : before[key])
  end
end

action :create, description: 'Changes the sections that differ from the description.' do
  converge_if_changed do
    JumpcloudCookbook::Executable.run('/usr/bin/jumpcloud_host', new_resource)
  end
end
