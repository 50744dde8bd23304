# frozen_string_literal: true

require 'json'
require_relative '../../../puppet_x/jumpcloud/executable'

# Converts a value to Sensitive JSON. The value may contain Sensitive parts.
Puppet::Functions.create_function(:'jumpcloud::to_json') do
  # @param value The value to convert.
  # @return [Sensitive[String]] The JSON text.
  dispatch :to_json do
    param 'Any', :value
    return_type 'Sensitive[String]'
  end

  def to_json(value)
    text = JSON.pretty_generate(PuppetX::Jumpcloud.unwrap(value))
    Puppet::Pops::Types::PSensitiveType::Sensitive.new("#{text}\n")
  end
end
