# frozen_string_literal: true

# Implements the parts of Chef that the example uses, because no Debian package contains Chef. Like
# Chef, it refuses what it does not know: it has lists of the methods and options that exist, and
# anything else is an error. Converges a recipe and prints one JSON object with the log and the names
# of the updated resources. Arguments: a cookbook's directory, and one JSON object with `recipe` (Ruby
# code, instead of the default recipe), `attributes` and `why_run`.

require 'json'
require 'open3'

COOKBOOK = ARGV.fetch(0)
CALL = JSON.parse(ARGV.fetch(1))
LOG = []
UPDATED = []

class Chef
  Config = { why_run: CALL['why_run'] }.freeze

  # Writes warnings to the log of the run.
  module Log
    def self.warn(text) = LOG << "WARN: #{text}"
  end
end

class ValidationFailed < StandardError; end

# Reads metadata.rb.
class Metadata
  FIELDS = %i[name version license maintainer maintainer_email description issues_url source_url].freeze
  CONSTRAINT = /\A(=|!=|<|>|<=|>=|~>) \d+(\.\d+){0,2}\z/

  def initialize = @fields = {}

  FIELDS.each do |field|
    define_method(field) do |value|
      raise ValidationFailed, "metadata #{field} must be a String" unless value.is_a?(String)

      @fields[field] = value
    end
  end

  def chef_version(*constraints)
    bad = constraints.reject { |constraint| constraint.match?(CONSTRAINT) }
    raise ValidationFailed, "chef_version #{bad.inspect} is not a version constraint" if bad.any?
  end

  def supports(platform, *constraints)
    raise ValidationFailed, 'supports needs a platform' unless platform.is_a?(String)

    chef_version(*constraints)
  end

  def check
    raise ValidationFailed, 'metadata has no name' unless @fields[:name]
    raise ValidationFailed, 'metadata version is not x.y.z' unless @fields[:version].to_s.match?(/\A\d+\.\d+(\.\d+)?\z/)
  end
end

# A property of a resource.
class Property
  OPTIONS = %i[
    coerce default description desired_state equal_to identity introduced name_property regex required sensitive
  ].freeze

  attr_reader :name, :options

  def initialize(name, types, options)
    @name = name
    @types = Array(types)
    @options = options
    unknown = options.keys - OPTIONS
    raise ArgumentError, "property #{name} has unknown options #{unknown.inspect}" if unknown.any?
    raise ArgumentError, "property #{name} has a default and is the name" if options[:name_property] && default?

    kinds = @types.reject { |type| [true, false, nil].include?(type) || type.is_a?(Module) }
    raise ArgumentError, "property #{name} has types that are not classes: #{kinds.inspect}" if kinds.any?

    validate(options[:default]) if default?
  end

  def default? = options.key?(:default)
  def state? = options.fetch(:desired_state, !options[:name_property])

  def validate(value)
    return if value.nil?
    raise ValidationFailed, "Property #{name} must be one of: #{@types.inspect}" if @types.any? && !type?(value)
    return if Array(options[:equal_to]).empty? || options[:equal_to].include?(value)

    raise ValidationFailed, "Property #{name} must be equal to one of: #{options[:equal_to].inspect}"
  end

  private

  def type?(value) = @types.any? { |type| type.is_a?(Module) ? value.is_a?(type) : value.equal?(type) }
end

# The methods that resources, actions and recipes can call.
module Dsl
  SHELL_OUT_OPTIONS = %i[cwd environment input timeout user].freeze
  Output = Struct.new(:stdout, :stderr, :exitstatus)

  def shell_out(*words, **options)
    unknown = options.keys - SHELL_OUT_OPTIONS
    raise ArgumentError, "option #{unknown.inspect} is not a valid option for shell_out" if unknown.any?

    out, err, status = Open3.capture3(*words, stdin_data: options[:input].to_s)
    Output.new(out, err, status.exitstatus)
  end

  def node = NODE
end

# Base class of a custom resource. The file in resources/ is evaluated in a subclass.
class CustomResource
  include Dsl

  # Chef has a resource of this name, so the class of Ruby is ::File in a resource.
  class File; end

  class << self
    attr_reader :loader, :actions, :provided

    def inherited(subclass)
      super
      subclass.instance_variable_set(:@actions, {})
      subclass.instance_variable_set(:@own, {})
    end

    def provides(name) = @provided = name
    def resource_name(*) = raise(ArgumentError, 'use provides')

    def unified_mode(value)
      raise ArgumentError, "unified_mode #{value.inspect} is not true or false" unless [true, false].include?(value)
    end

    def description(text) = raise_unless_text(text)

    def property(name, types = [], **options)
      raise ArgumentError, "Property `#{name}` overwrites an existing method" if method_defined?(name)

      @own[name] = Property.new(name, types, options)
      define_method(name) { |*values| values.empty? ? get(name) : set(name, *values) }
    end

    def properties(include_superclass = true)
      include_superclass ? { name: Property.new(:name, String, { name_property: true }) }.merge(@own) : @own
    end

    def state_properties = @own.values.select(&:state?)

    def load_current_value(&block)
      raise ArgumentError, 'load_current_value needs a block' unless block

      @loader = block
    end

    def action(name, description: '', &block)
      raise_unless_text(description)
      raise ArgumentError, "action #{name} needs a block" unless block

      @actions[name] = block
    end

    private

    def raise_unless_text(text)
      raise ArgumentError, "#{text.inspect} is not a String" unless text.is_a?(String)
    end
  end

  attr_reader :name

  def initialize(name)
    @name = name
    @values = {}
    @action = nil
  end

  def action(*names)
    return @action || [self.class.actions.keys.first] if names.empty?

    bad = names.flatten - self.class.actions.keys - [:nothing]
    raise ValidationFailed, "Option action must be one of: #{self.class.actions.keys.inspect}" if bad.any?

    @action = names.flatten
  end

  def sensitive(*values) = values.empty? ? @sensitive : @sensitive = values.first
  def property_is_set?(name) = @values.key?(name)
  def to_s = "#{self.class.provided}[#{@name}]"

  def check
    missing = self.class.properties(false).values.select { |item| item.options[:required] && !@values.key?(item.name) }
    raise ValidationFailed, "#{missing.map(&:name)} is a required property" if missing.any?
  end

  private

  def get(name) = @values.fetch(name) { self.class.properties[name].options[:default] }

  def set(name, value)
    self.class.properties[name].validate(value)
    @values[name] = value
  end
end

# The context of an action.
class ActionContext
  include Dsl

  attr_reader :new_resource, :current_resource

  def initialize(resource)
    @new_resource = resource
    @current_resource = catch(:does_not_exist) { load_current(resource) }
  end

  def converge_by(texts)
    Array(texts).each { |text| LOG << "#{new_resource}: #{'Would ' if Chef::Config[:why_run]}#{text}" }
    UPDATED << new_resource.to_s
    yield unless Chef::Config[:why_run]
  end

  def converge_if_changed(&block)
    raise ArgumentError, 'converge_if_changed must be passed a block!' unless block

    changed = new_resource.class.state_properties.select { |item| changed?(item.name) }
    return if current_resource && changed.empty?

    converge_by(["#{current_resource ? 'update' : 'create'} #{new_resource.name}"] + changed.map { |item| line(item) }, &block)
  end

  private

  def load_current(resource)
    return unless resource.class.loader

    current = resource.class.new(resource.name)
    def current.current_value_does_not_exist! = throw(:does_not_exist, nil)
    current.instance_exec(resource, &resource.class.loader)
    current
  end

  def changed?(name)
    new_resource.property_is_set?(name) && (!current_resource || new_resource.send(name) != current_resource.send(name))
  end

  def line(item)
    return "  set #{item.name} to (suppressed sensitive property)" if new_resource.sensitive || item.options[:sensitive]

    was = " (was #{current_resource.send(item.name).inspect})" if current_resource
    "  set #{item.name} to #{new_resource.send(item.name).inspect}#{was}"
  end
end

# The methods that a recipe can call.
class Recipe
  include Dsl

  def initialize(resources)
    resources.each do |resource|
      define_singleton_method(resource.provided) do |name, &block|
        declared = resource.new(name)
        declared.instance_eval(&block) if block
        declared.check
        declared.action.each { |action| converge(declared, action) }
      end
    end
  end

  def package(name) = LOG << "package[#{name}]"

  private

  def converge(resource, action)
    return if action == :nothing

    ActionContext.new(resource).instance_eval(&resource.class.actions.fetch(action))
  rescue StandardError => e
    raise "#{resource} had an error: #{e.class}: #{e.message}"
  end
end

def read(name) = File.read(File.join(COOKBOOK, name))

metadata = Metadata.new
metadata.instance_eval(read('metadata.rb'), 'metadata.rb')
metadata.check

ATTRIBUTES = Hash.new { |hash, key| hash[key] = Hash.new(&hash.default_proc) }
def default = ATTRIBUTES
eval(read('attributes/default.rb'), binding, 'attributes/default.rb')
NODE = { 'hostname' => 'web-1', 'jumpcloud' => ATTRIBUTES['jumpcloud'].merge(CALL['attributes'] || {}) }.freeze

Dir[File.join(COOKBOOK, 'libraries/*.rb')].each { |path| require path }
resources = Dir[File.join(COOKBOOK, 'resources/*.rb')].map do |path|
  Class.new(CustomResource).tap { |resource| resource.class_eval(File.read(path), path) }
end
begin
  Recipe.new(resources).instance_eval(CALL['recipe'] || read('recipes/default.rb'), 'recipe')
rescue StandardError => e
  LOG.each { |line| warn line }
  abort "#{e.class}: #{e.message}"
end
puts JSON.generate({ log: LOG, updated: UPDATED })
