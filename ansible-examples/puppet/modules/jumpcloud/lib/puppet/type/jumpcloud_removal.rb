# frozen_string_literal: true

require_relative '../../puppet_x/jumpcloud/executable'

Puppet::Type.newtype(:jumpcloud_removal) do
  @doc = <<~DOC
    Removes this host's record, or all its associations, from JumpCloud.

        jumpcloud_removal { 'retired': }
  DOC

  include PuppetX::Jumpcloud::Resource

  newparam(:name, namevar: true) do
    desc 'A title of your choice.'
  end

  newproperty(:ensure) do
    desc 'Always absent.'
    newvalue(:absent) { provider.apply }
    defaultto :absent

    def retrieve
      provider.present? ? :present : :absent
    end

    # Logs and reports show what the removal deletes.
    def is_to_s(_current)
      JSON.generate(provider.before)
    end
  end

  options = {
    scope: 'What to remove: `system`, which is the default, or `associations`.',
    stop_agent: 'Whether to stop the agent first.',
    purge_identity: "Whether to delete the agent's identity afterwards."
  }
  options.each { |name, text| PuppetX::Jumpcloud.add_option(self, name, text) }
  PuppetX::Jumpcloud.add_connection(self)

  autorequire(:package) { 'jumpcloud-system-context' }
end
