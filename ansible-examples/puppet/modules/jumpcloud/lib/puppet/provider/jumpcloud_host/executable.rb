# frozen_string_literal: true

require_relative '../../../puppet_x/jumpcloud/executable'

Puppet::Type.type(:jumpcloud_host).provide(:executable) do
  desc 'Calls jumpcloud_host, once to compare the record in JumpCloud with the resource, and again to change it.'

  # Returns what a run would change, or nil if nothing is known before the run.
  def plan
    return @plan if defined?(@plan)

    @plan = executable.check
  end

  def before(section)
    plan ? plan['diff']['before'][section.to_s] : :unknown
  end

  def after(section)
    plan ? plan['diff']['after'][section.to_s] : resource[section]
  end

  def in_sync?(section)
    before(section) == after(section)
  end

  # Makes the changes of all sections, when the first section is to be changed.
  def apply(section)
    raise Puppet::Error, "#{section} may not have been changed. See the error above." if @failed
    return if @applied

    @failed = true
    executable.run
    @failed = false
    @applied = true
  end

  private

  def executable
    @executable ||= PuppetX::Jumpcloud::Executable.new('/usr/bin/jumpcloud_host', resource)
  end
end
