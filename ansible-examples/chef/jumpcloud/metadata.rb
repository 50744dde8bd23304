# frozen_string_literal: true

name 'jumpcloud'
version '0.1.0'
license 'MIT'
maintainer 'the jumpcloud-system-context maintainers'
description "Keeps this host's JumpCloud record as described"
chef_version '>= 17.0'
supports 'debian'
supports 'ubuntu'
supports 'redhat'
supports 'fedora'
supports 'amazon'
supports 'centos'
supports 'rocky'
supports 'almalinux'
supports 'oracle'
