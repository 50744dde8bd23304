# frozen_string_literal: true

require 'json'
require 'open3'

module PuppetX
  # Calls the executables of the package jumpcloud-system-context.
  module Jumpcloud
    # An executable with its options. The options go through standard input, because every user of the
    # host can read a command line.
    class Executable
      def initialize(path, options)
        @path = path
        @options = options
      end

      def installed?
        File.executable?(@path)
      end

      # Returns the result of a run. Raises an error with the message of a run that failed.
      def run(*flags)
        raise Puppet::Error, "#{@path} is missing. Install the package jumpcloud-system-context." unless installed?

        stdout, stderr, status = Open3.capture3(@path, '--json', *flags, '-', stdin_data: JSON.generate(@options))
        result = parse(stdout)
        raise Puppet::Error, "#{@path} ended with #{status} and printed no result. #{stderr}".strip if result.nil?
        raise Puppet::Error, result['msg'] if result['failed']

        result
      end

      private

      def parse(text)
        result = JSON.parse(text)
        result if result.is_a?(Hash)
      rescue JSON::ParserError
        nil
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

    # Returns whether a value is Sensitive or contains something Sensitive.
    def self.sensitive?(value)
      case value
      when Puppet::Pops::Types::PSensitiveType::Sensitive then true
      when Hash then value.values.any? { |item| sensitive?(item) }
      when Array then value.any? { |item| sensitive?(item) }
      else false
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
        munge { |value| PuppetX::Jumpcloud.unwrap(value) }
      end
    end

    # The parts that the types have in common.
    module Resource
      # Puppet warns about a Sensitive parameter, because some types log theirs. These types do not.
      def set_sensitive_parameters(names)
        super(names.select { |name| self.class.validproperty?(name) })
      end

      # Returns the options of the executable that were given.
      def options(names)
        names.to_h { |name| [name, self[name]] }.compact
      end
    end
  end
end
