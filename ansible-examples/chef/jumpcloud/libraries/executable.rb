# frozen_string_literal: true

require 'json'
require 'stringio'

module JumpcloudCookbook
  # Reports a failed run of an executable. The code is the result's `error.code`.
  class Error < StandardError
    attr_reader :code

    def initialize(message, code = nil)
      super(message)
      @code = code
    end
  end

  # Calls the executables of the package jumpcloud-system-context for a resource. The options go
  # through standard input, because every user of the host can read a command line.
  module Executable
    # Returns the result of a run. A run that failed raises an Error.
    def self.run(path, resource, *flags)
      unless File.executable?(path)
        raise Error.new("#{path} is missing. Install the package jumpcloud-system-context.", 'not_installed')
      end

      # Chef's log level trace would print the answer, so a sensitive resource has a stream of its own.
      stream = StringIO.new if resource.sensitive
      call = resource.shell_out(path, '--json', *flags, '-', input: JSON.generate(options(resource)), timeout: 3600,
                                                             live_stream: stream)
      result = parse(call.stdout)
      raise failure(path, resource, result, call.stderr) if result.nil? || result['failed']

      result['warnings'].each { |text| Chef::Log.warn("#{resource}: #{text}") } unless resource.sensitive
      result
    end

    # Returns what a run would change. In why-run, returns nil if the package or the agent is missing,
    # because the recipes of a real run can install them first.
    def self.check(path, resource)
      run(path, resource, '--check', '--diff')
    rescue Error => e
      raise unless Chef::Config[:why_run] && %w[not_installed not_enrolled].include?(e.code)

      Chef::Log.warn("#{resource}: #{e.message}")
      nil
    end

    # Returns the properties of the resource's own class that are set. Why-run does not wait for the agent.
    def self.options(resource)
      names = resource.class.properties(false).keys.select { |name| resource.property_is_set?(name) }
      names.delete(:registration_timeout) if Chef::Config[:why_run]
      names.to_h { |name| [name, resource.public_send(name)] }
    end

    # Returns the Error for a failed run. Messages quote values, so a sensitive resource reports only the
    # code and the names of the wrong options.
    def self.failure(path, resource, result, stderr)
      code = result&.dig('error', 'code')
      message = result ? result['msg'] : "#{path} printed no result. #{stderr}".strip
      if resource.sensitive
        options = result&.dig('error', 'problems').to_a.map { |problem| problem['option'] }
        message = "#{path} failed: #{[code || 'no result', *options].join(', ')}. " \
                  'The resource is sensitive, so the message is hidden.'
      end
      Error.new(message, code)
    end

    def self.parse(text)
      result = JSON.parse(text)
      result if result.is_a?(Hash)
    rescue JSON::ParserError
      nil
    end
    private_class_method :options, :failure, :parse
  end
end
