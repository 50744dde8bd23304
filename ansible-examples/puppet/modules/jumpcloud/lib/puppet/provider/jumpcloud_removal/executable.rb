# frozen_string_literal: true

require_relative '../../../puppet_x/jumpcloud/executable'

Puppet::Type.type(:jumpcloud_removal).provide(:executable) do
  desc 'Calls jumpcloud_removal, once to see what is left of the host, and again to remove it.'

  def present?
    plan ? plan['changed'] : true
  end

  # Returns what a run would remove.
  def before
    plan ? plan['diff']['before'] : :unknown
  end

  def apply
    executable.run
  end

  private

  def plan
    return @plan if defined?(@plan)

    @plan = executable.check
  end

  def executable
    @executable ||= PuppetX::Jumpcloud::Executable.new('/usr/bin/jumpcloud_removal', resource)
  end
end
