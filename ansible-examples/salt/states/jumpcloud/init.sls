# Keeps this minion's JumpCloud record as the pillar jumpcloud:document describes
# it. The package comes from jumpcloud.repo, or from a repository of your own.
jumpcloud-system-context:
  pkg.installed:
    - version: {{ salt['pillar.get']('jumpcloud:version', none) | json }}
    - refresh: true

This minion in JumpCloud:
  jumpcloud.host:
    - require:
        - pkg: jumpcloud-system-context
