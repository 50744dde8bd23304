# frozen_string_literal: true

# The deb or rpm comes from your repository.
package 'jumpcloud-system-context'

# Other cookbooks set the attributes, or declare resources of their own: each can add its own groups.
# Sections that several resources manage must not be exclusive.
settings = node['jumpcloud'].to_h
sections = settings.slice('system', 'groups', 'users').reject { |_, value| value.empty? }

unless sections.empty?
  jumpcloud_host 'document' do
    sections.each { |section, value| public_send(section, value) }
    registration_timeout settings['registration_timeout']
    # The Chef server stores attributes, so a secret comes from elsewhere, such as a data bag:
    # proxy data_bag_item('jumpcloud', 'proxy')['url']
  end
end
