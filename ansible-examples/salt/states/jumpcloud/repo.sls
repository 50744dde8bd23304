# Adds the package repository of the pillar jumpcloud:repository. Its public key
# must have the SHA-256 checksum in the pillar.
{% set name = 'jumpcloud-system-context' %}
{% set repository = pillar['jumpcloud']['repository'] %}
{% if grains['os_family'] in ('Debian', 'RedHat') %}
{% set is_debian = grains['os_family'] == 'Debian' %}
{% set key = ('/etc/apt/keyrings/' if is_debian else '/etc/pki/rpm-gpg/') ~ name ~ '.asc' %}
{{ key }}:
  file.managed:
    - source: {{ repository['url'] }}/{{ name }}.asc
    - source_hash: sha256={{ repository['key_sha256'] }}
    - mode: '0644'
    - makedirs: true

{% if is_debian %}
/etc/apt/sources.list.d/{{ name }}.sources:
  file.managed:
    - contents: |
        Types: deb
        URIs: {{ repository['url'] }}/apt
        Suites: stable
        Components: main
        Signed-By: {{ key }}
{% else %}
/etc/yum.repos.d/{{ name }}.repo:
  file.managed:
    - contents: |
        [{{ name }}]
        name={{ name }}
        baseurl={{ repository['url'] }}/dnf
        gpgcheck=1
        repo_gpgcheck=1
        gpgkey=file://{{ key }}
{% endif %}
    - mode: '0644'
    - require:
        - file: {{ key }}
{% else %}
{{ name }} repository:
  test.fail_without_changes:
    - name: No package of {{ name }} exists for {{ grains['os_family'] }}.
{% endif %}
