# Implements the parts of Chef that the example uses, because no Debian package contains Chef.
# Converges a recipe with a custom resource whose action runs guarded `execute` resources. Prints
# one JSON object that lists the commands that ran and those that were up to date. Arguments: a
# cookbook's directory, and --why-run to run only the guards.

require 'json'
require 'open3'

WHY_RUN = ARGV.delete('--why-run')
OUTCOMES = { ran: [], up_to_date: [], would_run: [] }

# A guarded command: skipped when its guard succeeds. A command that fails aborts the run.
class Execute
  def initialize(name) = @name = name
  def command(words) = @command = words
  def not_if(words) = @not_if = words
  def timeout(seconds) = @timeout = Integer(seconds)

  def run
    _, skip = Open3.capture2e(*@not_if)
    return OUTCOMES[:up_to_date] << @name if skip.success?
    return OUTCOMES[:would_run] << @name if WHY_RUN

    output, status = Open3.capture2e(*@command)
    abort "execute[#{@name}] exited with #{status.exitstatus}:\n#{output}" unless status.success?
    OUTCOMES[:ran] << @name
  end
end

# The methods that the action of a resource can call.
class ActionContext
  attr_reader :new_resource

  def initialize(resource) = @new_resource = resource

  def execute(name, &block)
    Execute.new(name).tap { |resource| resource.instance_eval(&block) }.run
  end
end

# The host's attributes, as Chef's node object has them.
module Node
  def node = { 'hostname' => 'web-1' }
end

# Base class of a custom resource. The file in resources/ is evaluated in a subclass.
class CustomResource
  include Node

  class << self
    attr_reader :provided, :default_action

    def provides(name) = @provided = name
    def unified_mode(value) = value

    def property(name, type, default: nil, name_property: false)
      define_method(name) do |*value|
        value.each { |item| raise TypeError, "#{name} is not a #{type}" unless item.is_a?(type) }
        @values[name] = value.first unless value.empty?
        @values.fetch(name) { name_property ? @name : default }
      end
    end

    # The first action is the default one.
    def action(_name, &block) = @default_action ||= block
  end

  def initialize(name)
    @name = name
    @values = {}
  end
end

# The methods that a recipe can call.
class Recipe
  include Node

  def initialize(resource)
    define_singleton_method(resource.provided) do |name, &block|
      declared = resource.new(name).tap { |instance| instance.instance_eval(&block) }
      ActionContext.new(declared).instance_eval(&resource.default_action)
    end
  end
end

cookbook = ARGV.fetch(0)
resource = Class.new(CustomResource)
path = File.join(cookbook, 'resources/keep.rb')
resource.class_eval(File.read(path), path)
path = File.join(cookbook, 'recipes/default.rb')
Recipe.new(resource).instance_eval(File.read(path), path)
puts JSON.generate(OUTCOMES)
