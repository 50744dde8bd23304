# frozen_string_literal: true

require 'json'
require 'open3'

module PuppetX
  # Calls the executables of the package jumpcloud-system-context.
  module Jumpcloud
    # Reports that the host has no enrolled agent.
    class NotEnrolled < Puppet::Error; end

    # An executable with the options of a resource. The options go through standard input, because
    # every user of the host can read a command line.
    class Executable
      def initialize(path, resource)
        @path = path
        @resource = resource
        @warned = []
      end

      # Returns what a run would change. In noop, returns nil if the package or the agent is missing,
      # because a run may install them first.
      def check
        return nil if @resource.noop? && !installed?

        run('--check', '--diff')
      rescue NotEnrolled => e
        raise unless @resource.noop?

        @resource.warning(e.message)
        nil
      end

      # Returns the result of a run. A run that failed raises an error.
      def run(*flags)
        raise Puppet::Error, "#{@path} is missing. Install the package jumpcloud-system-context." unless installed?

        stdout, stderr, status = Open3.capture3(@path, '--json', *flags, '-', stdin_data: JSON.generate(options))
        result = parse(stdout)
        raise failure(result, "#{status}. #{stderr}".strip) if result.nil? || result['failed']

        warn_about(result['warnings'])
        result
      end

      private

      def installed?
        File.executable?(@path)
      end

      # Returns the options of the resource. Noop does not wait for the agent.
      def options
        @resource.options.reject { |name, _| name == :registration_timeout && @resource.noop? }
      end

      def parse(text)
        result = JSON.parse(text)
        result if result.is_a?(Hash)
      rescue JSON::ParserError
        nil
      end

      # Returns the error of a failed run. Messages quote values, so a resource with Sensitive values
      # reports only the code and the names of wrong options.
      def failure(result, status)
        code = result&.dig('error', 'code')
        message = result ? result['msg'] : "#{@path} printed no result: #{status}"
        if @resource.sensitive?
          options = result&.dig('error', 'problems').to_a.map { |problem| problem['option'] }
          message = "#{@path} failed: #{[code || 'no result', *options].join(', ')}. " \
                    'The message is hidden, because the resource has Sensitive values.'
        end
        (code == 'not_enrolled' ? NotEnrolled : Puppet::Error).new(message)
      end

      # Logs each warning once.
      def warn_about(texts)
        hidden = 'A warning is hidden, because the resource has Sensitive values.'
        texts = texts.map { hidden }.uniq if @resource.sensitive?
        (texts - @warned).each { |text| @resource.warning(text) }
        @warned |= texts
      end
    end

    # Returns a value without the Sensitive wrappers inside it.
    def self.unwrap(value)
      case value
      when Puppet::Pops::Types::PSensitiveType::Sensitive then unwrap(value.unwrap)
      when Hash then value.transform_values { |item| unwrap(item) }
      when Array then value.map { |item| unwrap(item) }
      else value
      end
    end

    # Adds the options that all executables have in common to a type.
    def self.add_connection(type)
      {
        agent_dir: 'The directory of the JumpCloud agent. Default: /opt/jc.',
        api_url: 'The URL of the API, instead of the one of a region.',
        ca_path: 'A file with certificates of further authorities.',
        proxy: 'The URL of a proxy. It may be Sensitive.',
        region: 'The region: us, eu, in or auto.',
        registration_timeout: 'How many seconds to wait for the agent to register.',
        request_timeout: 'The limit of one request, in seconds.',
        system_id: 'The only system on which to run.',
        timeout: 'The limit of all requests together, in seconds.'
      }.each { |name, text| add_option(type, name, text) }
    end

    # Adds an option that is passed on as it is. Its value appears in no log and no report.
    def self.add_option(type, name, text)
      type.newparam(name) do
        desc text
        munge { |value| resource.plain(self, value) }
      end
    end

    # The parts that the types have in common.
    module Resource
      # Puppet marks only properties. It warns about parameters, because some types log them. These
      # types do not.
      def set_sensitive_parameters(names)
        names.each { |name| parameter(name)&.sensitive = true }
      end

      # Returns a value without Sensitive wrappers, and marks its parameter if it has some.
      def plain(parameter, value)
        plain = PuppetX::Jumpcloud.unwrap(value)
        parameter.sensitive = true unless plain == value
        plain
      end

      # Returns whether a message may quote a Sensitive value. No message quotes the proxy's password.
      def sensitive?
        parameters.any? { |name, parameter| name != :proxy && parameter.sensitive }
      end

      # Returns the options of the executable that were given.
      def options
        names = self.class.properties.map(&:name) + self.class.parameters - %i[name provider ensure]
        names.to_h { |name| [name, self[name]] }.compact
      end
    end
  end
end
