# @summary Keeps this host's JumpCloud record as a document from Hiera describes it.
#
# Installs the package, writes the document to /etc/jumpcloud/host.json, which the host applies at
# every boot, and compares the record with the document at every run of Puppet. Without a section in
# the document, the file is removed and the unit disabled.
#
# @param document
#   The options of jumpcloud_host, such as system, groups and users. Lists are hashes by id.
# @param proxy
#   The URL of the proxy to JumpCloud. It may contain a user and a password.
# @param at_boot
#   Whether the host also applies the document at every boot.
# @param manage_package
#   Whether the class installs the package.
# @param package_ensure
#   The version of the package, `installed`, `latest`, or `absent` to remove package, file and unit.
class jumpcloud (
  Variant[Jumpcloud::Document, Sensitive[Jumpcloud::Document]] $document = {},
  Optional[Variant[String[1], Sensitive[String[1]]]] $proxy = undef,
  Boolean $at_boot = true,
  Boolean $manage_package = true,
  String[1] $package_ensure = 'installed',
) {
  unless $facts['os']['family'] in ['Debian', 'RedHat'] {
    warning("jumpcloud: ${facts['os']['name']} is not supported. The class does nothing.")
    return()
  }

  $plain = jumpcloud::options($document.unwrap)
  $options = $document ? {
    Sensitive => Hash($plain.map |$name, $value| { [$name, Sensitive($value)] }),
    default   => $plain,
  }
  $connection = $proxy ? {
    undef   => {},
    default => { 'proxy' => Sensitive($proxy.unwrap) },
  }
  $sections = $plain.keys.filter |$name| { $name == 'system' or $name =~ Jumpcloud::Lists }

  if $manage_package {
    package { 'jumpcloud-system-context':
      ensure => $package_ensure,
    }
  }

  if $sections.empty or $package_ensure in ['absent', 'purged'] {
    service { 'jumpcloud-host':
      enable => false,
    }
    -> file { '/etc/jumpcloud/host.json':
      ensure => absent,
    }
    -> Package <| title == 'jumpcloud-system-context' |>
  } else {
    Package <| title == 'jumpcloud-system-context' |>
    -> file { '/etc/jumpcloud/host.json':
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0600',
      content => jumpcloud::to_json($options + $connection),
    }
    -> service { 'jumpcloud-host':
      enable => $at_boot,
    }

    jumpcloud_host { 'document':
      * => $options + $connection,
    }
  }
}
