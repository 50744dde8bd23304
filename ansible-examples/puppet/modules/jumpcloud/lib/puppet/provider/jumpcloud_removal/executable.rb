# frozen_string_literal: true

require_relative '../../../puppet_x/jumpcloud/executable'

Puppet::Type.type(:jumpcloud_removal).provide(:executable) do
  desc 'Calls jumpcloud_removal, once to see what is left of the host, and again to remove it.'

  def present?
    plan ? plan['changed'] : true
  end

  def before
    plan ? plan['diff']['before'] : :unknown
  end

  def apply
    executable.run['warnings'].each { |text| resource.warning(text) }
  end

  private

  # Returns what a run would remove. If the package would be installed only now, nothing is known.
  def plan
    return @plan if defined?(@plan)

    @plan = (executable.run('--check', '--diff') if executable.installed? || !resource.noop?)
  end

  def executable
    names = resource.class.parameters - %i[name provider]
    @executable ||= PuppetX::Jumpcloud::Executable.new('/usr/bin/jumpcloud_removal', resource.options(names))
  end
end
