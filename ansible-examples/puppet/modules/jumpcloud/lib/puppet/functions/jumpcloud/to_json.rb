# frozen_string_literal: true

require 'json'

# Converts a value to JSON. The text is Sensitive if the value contains something Sensitive.
Puppet::Functions.create_function(:'jumpcloud::to_json') do
  # @param value The value to convert.
  # @return [Variant[String, Sensitive[String]]] The JSON text.
  dispatch :to_json do
    param 'Any', :value
    return_type 'Variant[String, Sensitive[String]]'
  end

  def to_json(value)
    plain = unwrap(value)
    text = "#{JSON.pretty_generate(plain)}\n"
    plain == value ? text : Puppet::Pops::Types::PSensitiveType::Sensitive.new(text)
  end

  # The types have the same function. This one does not load their file, because what a function loads
  # is shared by all environments of a server.
  def unwrap(value)
    case value
    when Puppet::Pops::Types::PSensitiveType::Sensitive then unwrap(value.unwrap)
    when Hash then value.transform_values { |item| unwrap(item) }
    when Array then value.map { |item| unwrap(item) }
    else value
    end
  end
end
