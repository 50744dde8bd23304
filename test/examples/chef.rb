# A stand-in for the little of Chef that the example uses, because Chef itself is in no Debian package:
# it converges a recipe with a custom resource whose action runs guarded `execute` resources. Prints
# one JSON object: which commands ran, and which were up to date. Arguments: a cookbook's folder, and
# --why-run to run the guards alone.

require 'json'
require 'open3'

WHY_RUN = ARGV.delete('--why-run')
OUTCOMES = { ran: [], up_to_date: [], would_run: [] }

# A guarded command: skipped when the guard's command succeeds, a failure of the run when it fails.
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

# What a resource's action may do.
class ActionContext
  attr_reader :new_resource

  def initialize(resource) = @new_resource = resource

  def execute(name, &block)
    Execute.new(name).tap { |resource| resource.instance_eval(&block) }.run
  end
end

# What Chef tells of the host.
module Node
  def node = { 'hostname' => 'web-1' }
end

# A custom resource, as its file in resources/ describes it.
class CustomResource
  include Node

  class << self
    attr_reader :provided, :default_action

    def provides(name) = @provided = name
    def unified_mode(value) = value

    def property(name, type, default: nil, name_property: false)
      define_method(name) do |*value|
        value.each { |given| raise TypeError, "#{name}: #{type}" unless given.is_a?(type) }
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

# What a recipe may do.
class Recipe
  include Node

  def initialize(resource)
    define_singleton_method(resource.provided) do |name, &block|
      described = resource.new(name).tap { |one| one.instance_eval(&block) }
      ActionContext.new(described).instance_eval(&resource.default_action)
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
