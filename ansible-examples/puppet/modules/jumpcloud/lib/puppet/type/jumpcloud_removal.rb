# frozen_string_literal: true

require_relative '../../puppet_x/jumpcloud/executable'

Puppet::Type.newtype(:jumpcloud_removal) do
  @doc = <<~DOC
    Removes this host's record, or all its associations, from JumpCloud.

        jumpcloud_removal { 'retired':
          ensure         => absent,
          stop_agent     => true,
          purge_identity => true,
        }
  DOC

  include PuppetX::Jumpcloud::Resource

  newparam(:name, namevar: true) do
    desc 'A title of your choice.'
  end

  newproperty(:ensure) do
    desc 'Must be `absent`. There is no default, so that a removal has to be asked for.'
    newvalue(:absent) { provider.apply }

    def retrieve
      provider.present? ? :present : :absent
    end

    # Logs and reports show what the removal deletes.
    def is_to_s(_current)
      JSON.generate(provider.before)
    end

    def change_to_s(current, _desired)
      "removed #{is_to_s(current)}"
    end
  end

  options = {
    scope: 'What to remove: `system`, which is the default, or `associations`.',
    stop_agent: 'Whether to stop the agent first.',
    purge_identity: "Whether to delete the agent's identity afterwards."
  }
  options.each { |name, text| PuppetX::Jumpcloud.add_option(self, name, text) }
  PuppetX::Jumpcloud.add_connection(self)

  # A mistake fails here, and only this resource. An error in `validate` would fail the whole catalogue.
  def retrieve
    raise Puppet::Error, 'Set ensure => absent to remove the host.' unless self[:ensure]

    described = catalog.resources.find { |other| other.type == :jumpcloud_host }
    raise Puppet::Error, "#{described.ref} describes the host that this resource removes." if described

    super
  end

  autorequire(:package) { %w[jumpcloud-system-context jumpcloud-system-context-node] }
  autorequire(:service) { 'jcagent' }
end
