# frozen_string_literal: true

require 'json'

module JumpcloudCookbook
  # Calls the executables of the package jumpcloud-system-context for a resource. The options go
  # through standard input, because every user of the host can read a command line.
  module Executable
    # Returns the result of a run. A run that failed raises an error with its message.
    def self.run(path, resource, *flags)
      raise "#{path} is missing. Install the package jumpcloud-system-context." unless File.executable?(path)

      call = resource.shell_out(path, '--json', *flags, '-', input: JSON.generate(options(resource)), timeout: 3600)
      result = parse(call.stdout)
      raise "#{path} printed no result. #{call.stderr}".strip if result.nil?
      raise result['msg'] if result['failed']

      result['warnings'].each { |text| Chef::Log.warn("#{resource}: #{text}") }
      result
    end

    # Returns the properties of the resource's own class that are set.
    def self.options(resource)
      names = resource.class.properties(false).keys
      names.select { |name| resource.property_is_set?(name) }.to_h { |name| [name, resource.public_send(name)] }
    end

    def self.parse(text)
      result = JSON.parse(text)
      result if result.is_a?(Hash)
    rescue JSON::ParserError
      nil
    end
    private_class_method :parse
  end
end
