# frozen_string_literal: true

name 'jumpcloud'
version '0.1.0'
license 'MIT'
maintainer 'the jumpcloud-system-context maintainers'
description "Keeps this host's JumpCloud record as described"
chef_version '>= 15.3'
supports 'debian'
supports 'ubuntu'
supports 'redhat'
