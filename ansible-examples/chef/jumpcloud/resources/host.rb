# frozen_string_literal: true

provides :jumpcloud_host
unified_mode true
description "Keeps sections of this host's JumpCloud record as described."

# Turns symbols into strings, so that both sides of a difference look alike.
plain = ->(value) { JSON.parse(JSON.generate(value)) }

# The sections. One that is not given is not managed.
property :system, Hash, coerce: plain
property :groups, Array
property :users, Array, coerce: plain
property :user_groups, Array, coerce: plain
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
# that converge_if_changed shows the other sections only. Without a plan, it shows all of them.
load_current_value do |desired|
  plan = JumpcloudCookbook::Executable.check('/usr/bin/jumpcloud_host', desired)
  next if plan.nil?

  before, after = plan['diff'].values_at('before', 'after')
  desired.class.state_properties.map(&:name).each do |section|
    next unless desired.property_is_set?(section)

    value = desired.public_send(section)
    was = before[section.to_s]
    # Options such as settle have no state. They are shown with the same value on both sides.
    shown = was.is_a?(Hash) ? value.merge(was) : was
    public_send(section, was == after[section.to_s] ? value : shown)
  end
end

action_class do
  # After an action, Chef would run load_current_value again: one more call of the executable, which
  # can fail after a successful change.
  def load_after_resource
    @after_resource = whyrun_mode? ? current_resource : new_resource
  end
end

action :create, description: 'Changes the sections that differ from the description.' do
  converge_if_changed do
    JumpcloudCookbook::Executable.run('/usr/bin/jumpcloud_host', new_resource)
  end
end

# Chef reports the state before and after a run, also of a sensitive resource.
def state_for_resource_reporter
  sensitive ? {} : super
end
