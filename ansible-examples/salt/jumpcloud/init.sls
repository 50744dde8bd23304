# Keeps this minion's JumpCloud record as its pillar describes it. The deb or rpm
# comes from your repository.
jumpcloud-system-context:
  pkg.installed: []

This minion in JumpCloud:
  jumpcloud.host:
    - document: {{ salt['pillar.get']('jumpcloud:document') | json }}
    - require:
        - pkg: jumpcloud-system-context
