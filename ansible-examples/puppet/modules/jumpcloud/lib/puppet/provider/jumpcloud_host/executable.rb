# frozen_string_literal: true

require_relative '../../../puppet_x/jumpcloud/executable'

Puppet::Type.type(:jumpcloud_host).provide(:executable) do
  desc 'Calls jumpcloud_host, once to compare the record with the description, and again to change it.'

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
    warn_about(executable.run)
    @failed = false
    @applied = true
  end

  private

  # Returns what a run would change. If the package would be installed only now, nothing is known.
  def plan
    return @plan if defined?(@plan)

    @plan = (executable.run('--check', '--diff') if executable.installed? || !resource.noop?)
    warn_about(@plan) if @plan
    @plan
  end

  def executable
    type = resource.class
    names = type.properties.map(&:name) + type.parameters - %i[name provider]
    @executable ||= PuppetX::Jumpcloud::Executable.new('/usr/bin/jumpcloud_host', resource.options(names))
  end

  def warn_about(result)
    @warned ||= []
    (result['warnings'] - @warned).each { |text| resource.warning(text) }
    @warned |= result['warnings']
  end
end
