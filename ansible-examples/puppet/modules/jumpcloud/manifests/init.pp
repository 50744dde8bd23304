# @summary Keeps this host's JumpCloud record as a document from Hiera describes it.
#
# Installs the package, compares the record with the document at every run of Puppet, and writes the
# document to /etc/jumpcloud/host.json, which a new host applies at its first boot.
#
# @param document
#   The options of jumpcloud_host, such as system, groups and users.
# @param proxy
#   The URL of the proxy to JumpCloud. It may contain a user and a password.
# @param at_boot
#   Whether the host also describes itself at every boot.
# @param package_ensure
#   The version of the package, or `installed`.
# @param package_source
#   The path of a deb or rpm file, unless a repository has the package.
class jumpcloud (
  Hash[String[1], Any] $document = {},
  Optional[Sensitive[String[1]]] $proxy = undef,
  Boolean $at_boot = true,
  String[1] $package_ensure = 'installed',
  Optional[Pattern[/\A\//]] $package_source = undef,
) {
  $options = $document + ($proxy ? { undef => {}, default => { 'proxy' => $proxy } })

  package { 'jumpcloud-system-context':
    ensure => $package_ensure,
    source => $package_source,
  }

  unless $document.empty {
    file { '/etc/jumpcloud/host.json':
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0600',
      content => jumpcloud::to_json($options),
      require => Package['jumpcloud-system-context'],
    }

    service { 'jumpcloud-host':
      enable  => $at_boot,
      require => File['/etc/jumpcloud/host.json'],
    }

    jumpcloud_host { 'document':
      * => $options,
    }
  }
}
