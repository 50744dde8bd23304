# frozen_string_literal: true

module JumpcloudCookbook
  # Converts node['jumpcloud']['document'] to properties of jumpcloud_host.
  module Document
    LISTS = %w[groups users user_groups policies policy_groups commands].freeze

    # Returns the properties. Lists are hashes in attributes, because Chef joins the arrays of some
    # precedence levels and replaces those of others.
    def self.properties(attributes)
      attributes.to_h.compact.to_h do |option, value|
        [option, LISTS.include?(option) ? list(option, value) : value]
      end
    end

    def self.list(option, entries)
      unless entries.is_a?(Hash)
        raise ArgumentError, "node['jumpcloud']['document']['#{option}'] must be a hash, such as { 'ID' => true }."
      end

      entries.select { |_, entry| entry }.map { |id, entry| entry.is_a?(Hash) ? { 'id' => id }.merge(entry) : id }
    end
    private_class_method :list
  end
end
