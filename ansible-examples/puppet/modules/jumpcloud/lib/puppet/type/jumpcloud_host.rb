# frozen_string_literal: true

require_relative '../../puppet_x/jumpcloud/executable'

Puppet::Type.newtype(:jumpcloud_host) do
  @doc = <<~DOC
    Keeps sections of this host's JumpCloud record as described. A section that is not given is not
    managed. Several resources can each add groups, users and so on, unless one of them lists the
    section in `exclusive`. A key of `system` belongs in one resource only.

        jumpcloud_host { 'the shop':
          system => { attributes => { role => 'web' } },
          groups => ['5f1a3b0c9d2e4f6a7b8c9d10'],
        }
  DOC

  include PuppetX::Jumpcloud::Resource

  newparam(:name, namevar: true) do
    desc 'A title of your choice.'
  end

  # The sections and their descriptions.
  sections = {
    system: 'Settings and custom attributes.',
    groups: 'The system groups that the host is in.',
    users: 'The users who are bound to the host, and their sudo.',
    user_groups: 'The user groups that are bound to the host.',
    policies: 'The policies that apply to the host.',
    policy_groups: 'The policy groups that apply to the host.',
    commands: 'The commands that run on the host.'
  }
  sections.each do |section, text|
    newproperty(section, array_matching: (section == :system ? :first : :all)) do
      desc text

      munge { |value| resource.plain(self, value) }

      def retrieve
        provider.before(name)
      end

      def insync?(_current)
        provider.in_sync?(name)
      end

      # Returns whether a change is intended. Otherwise Puppet calls it corrective: the resource is as
      # in the last run, and someone else changed the record.
      def insync_values?(last_desired, _current)
        last_desired != @should
      end

      def sync
        provider.apply(name)
      end

      # Logs and reports show the section after the change, not only the part that was given.
      def should_to_s(_desired)
        JSON.generate(provider.after(name))
      end

      def is_to_s(current)
        JSON.generate(current)
      end

      def event(options = {})
        super(sensitive ? options : options.merge(desired_value: provider.after(name)))
      end
    end
  end

  options = {
    exclusive: 'Sections whose lists are complete: what a list does not contain is removed.',
    expand_facts: 'Whether references such as {hostname} are replaced.',
    keep: 'What stays although its section is exclusive, such as dynamic groups.',
    names: 'A map of names to ids, or the path of a file with it.'
  }
  options.each { |name, text| PuppetX::Jumpcloud.add_option(self, name, text) }
  PuppetX::Jumpcloud.add_connection(self)

  # Compares the record with the resource. A wrong option or a resource without a section fails here,
  # and only this resource. An error in `validate` would fail the whole catalogue.
  def retrieve
    provider.plan
    super
  end

  autorequire(:package) { %w[jumpcloud-system-context jumpcloud-system-context-node] }
  autorequire(:service) { 'jcagent' }
end
