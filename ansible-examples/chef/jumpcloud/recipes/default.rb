# frozen_string_literal: true

unless platform_family?('debian', 'rhel', 'fedora', 'amazon')
  Chef::Log.warn("jumpcloud: #{node['platform']} is not supported. The recipe does nothing.")
  return
end

settings = node['jumpcloud']
document = JumpcloudCookbook::Document.properties(settings['document'])
secret_proxy = node.run_state.dig('jumpcloud', 'proxy')

package 'jumpcloud-system-context' do
  version settings['package_version'] if settings['package_version']
  only_if { settings['manage_package'] }
end

unless document.empty?
  jumpcloud_host 'default' do
    unknown = document.keys - self.class.properties(false).keys.map(&:to_s)
    raise ArgumentError, "node['jumpcloud']['document'] has unknown options: #{unknown.join(', ')}." if unknown.any?

    registration_timeout 120
    document.each { |option, value| public_send(option, value) }
    proxy secret_proxy if secret_proxy
    ignore_failure settings['ignore_failure']
  end
end
