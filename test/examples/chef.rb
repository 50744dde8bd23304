# frozen_string_literal: true

# Implements the parts of Chef that the example uses, because no Debian package contains Chef. Like
# Chef, it refuses what it does not know: it has lists of the methods and options that exist, and
# anything else is an error. Converges a recipe and prints one JSON object with the log, the names of
# the updated resources and the states that Chef reports. Arguments: a cookbook's directory, and one
# JSON object with `recipe` (Ruby code, instead of the default recipe), `attributes`, `run_state`,
# `platform_family` and `why_run`.

require 'json'
require 'open3'
require 'stringio'

COOKBOOK = ARGV.fetch(0)
CALL = JSON.parse(ARGV.fetch(1))
LOG = []
UPDATED = []
REPORTS = []
TRACE = StringIO.new

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
  SHELL_OUT_OPTIONS = %i[cwd environment input live_stream timeout user].freeze
  Output = Struct.new(:stdout, :stderr, :exitstatus)

  def shell_out(*words, **options)
    unknown = options.keys - SHELL_OUT_OPTIONS
    raise ArgumentError, "option #{unknown.inspect} is not a valid option for shell_out" if unknown.any?

    out, err, status = Open3.capture3(*words, stdin_data: options[:input].to_s)
    # Chef copies the output to standard output, at the log level trace only.
    (options[:live_stream] || TRACE) << out
    Output.new(out, err, status.exitstatus)
  end

  def node = NODE
  def platform_family?(*families) = families.include?(CALL.fetch('platform_family', 'debian'))
end

# Base class of a custom resource. The file in resources/ is evaluated in a subclass.
class CustomResource
  include Dsl

  # Chef has a resource of this name, so the class of Ruby is ::File in a resource.
  class File; end

  class << self
    attr_reader :loader, :actions, :provided, :action_context

    def inherited(subclass)
      super
      subclass.instance_variable_set(:@actions, {})
      subclass.instance_variable_set(:@own, {})
      subclass.instance_variable_set(:@action_context, Class.new(ActionContext))
      subclass.instance_variable_set(:@default_action, :nothing)
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
      # Like in Chef, the first action replaces a default of :nothing that was set before it.
      @default_action = name if @default_action == :nothing
    end

    def default_action(*names) = names.empty? ? @default_action : @default_action = names.first
    def action_class(&block) = @action_context.class_eval(&block)

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
    return @action || [self.class.default_action] if names.empty?

    bad = names.flatten - self.class.actions.keys - [:nothing]
    raise ValidationFailed, "Option action must be one of: #{self.class.actions.keys.inspect}" if bad.any?

    @action = names.flatten
  end

  def sensitive(*values) = values.empty? ? @sensitive : @sensitive = values.first
  def only_if(&condition) = condition ? @condition = condition : @condition
  def ignore_failure(*values) = values.empty? ? @ignore_failure : @ignore_failure = values.first
  def property_is_set?(name) = @values.key?(name)
  def to_s = "#{self.class.provided}[#{@name}]"

  # Returns the state that Chef sends to its server before and after an action.
  def state_for_resource_reporter
    self.class.state_properties.map(&:name).select { |name| property_is_set?(name) }.to_h { |name| [name, get(name)] }
  end

  def check
    missing = self.class.properties(false).values.select { |item| item.options[:required] && !@values.key?(item.name) }
    raise ValidationFailed, "#{missing.map(&:name)} is a required property" if missing.any?
  end

  private

  def get(name) = @values.fetch(name) { self.class.properties[name].options[:default] }

  def set(name, value)
    property = self.class.properties[name]
    value = instance_exec(value, &property.options[:coerce]) if property.options[:coerce] && !value.nil?
    property.validate(value)
    @values[name] = value
  end
end

# The context of an action.
class ActionContext
  include Dsl

  attr_reader :new_resource, :current_resource

  def initialize(resource)
    @new_resource = resource
    @current_resource = load_current
  end

  def run(action)
    instance_eval(&new_resource.class.actions.fetch(action))
    load_after_resource
    before = current_resource ? current_resource.state_for_resource_reporter : {}
    REPORTS << { before: before, after: (@after_resource || new_resource).state_for_resource_reporter }
  end

  # Since Chef 16, an action loads the current value again at its end.
  def load_after_resource = @after_resource = load_current
  def whyrun_mode? = Chef::Config[:why_run]

  def converge_by(texts)
    Array(texts).each { |text| LOG << "#{new_resource}: #{'Would ' if Chef::Config[:why_run]}#{text}" }
    UPDATED << new_resource.to_s
    yield unless Chef::Config[:why_run]
  end

  def converge_if_changed(&block)
    raise ArgumentError, 'converge_if_changed must be passed a block!' unless block

    changed = new_resource.class.state_properties.select { |item| changed?(item.name) }
    return if changed.empty?

    converge_by(["update #{new_resource.name}"] + changed.map { |item| line(item) }, &block)
  end

  private

  def load_current
    return unless new_resource.class.loader

    current = new_resource.class.new(new_resource.name)
    current.sensitive(new_resource.sensitive)
    current.instance_exec(new_resource, &new_resource.class.loader)
    current
  end

  def changed?(name)
    new_resource.property_is_set?(name) && new_resource.send(name) != current_resource.send(name)
  end

  def line(item)
    return "  set #{item.name} to (suppressed sensitive property)" if new_resource.sensitive || item.options[:sensitive]

    "  set #{item.name} to #{new_resource.send(item.name).inspect} (was #{current_resource.send(item.name).inspect})"
  end
end

# The resource package, which installs nothing here.
class Package
  include Dsl

  def initialize(name) = @name = name
  def version(value) = @version = " #{value}"
  def only_if(&condition) = @condition = condition
  def converge = (LOG << "package[#{@name}]#{@version}" if @condition.nil? || @condition.call)
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

  def package(name, &block) = Package.new(name).tap { |package| package.instance_eval(&block) if block }.converge

  # A recipe can return, because this method evaluates it.
  def from_text(text) = instance_eval(text, 'recipe')

  private

  def converge(resource, action)
    return if action == :nothing || resource.only_if&.call == false

    resource.class.action_context.new(resource).run(action)
  rescue StandardError => e
    message = "#{resource} had an error: #{e.class}: #{e.message}"
    raise message unless resource.ignore_failure

    LOG << "#{message}; ignore_failure is set, continuing"
  end
end

def read(name) = File.read(File.join(COOKBOOK, name))

metadata = Metadata.new
metadata.instance_eval(read('metadata.rb'), 'metadata.rb')
metadata.check

ATTRIBUTES = Hash.new { |hash, key| hash[key] = Hash.new(&hash.default_proc) }
def default = ATTRIBUTES
eval(read('attributes/default.rb'), binding, 'attributes/default.rb')
NODE = { 'hostname' => 'web-1', 'platform' => 'x', 'jumpcloud' => ATTRIBUTES['jumpcloud'].merge(CALL['attributes'] || {}) }
def NODE.run_state = CALL['run_state'] || {}
NODE.freeze

Dir[File.join(COOKBOOK, 'libraries/*.rb')].each { |path| require path }
resources = Dir[File.join(COOKBOOK, 'resources/*.rb')].map do |path|
  Class.new(CustomResource).tap { |resource| resource.class_eval(File.read(path), path) }
end
begin
  Recipe.new(resources).from_text(CALL['recipe'] || read('recipes/default.rb'))
rescue StandardError => e
  LOG.each { |line| warn line }
  abort "#{e.class}: #{e.message}"
end
puts JSON.generate({ log: LOG, updated: UPDATED, reports: REPORTS, trace: TRACE.string })
