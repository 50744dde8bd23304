#!/bin/sh
# Prints the last results of jumpcloud-host.service and jumpcloud-removal.service as metrics for the
# textfile collector of Prometheus' node_exporter. Run it as root every minute. Copy it to
# /usr/local/sbin/jumpcloud-metrics, and write this line to /etc/cron.d/jumpcloud-metrics:
#
#   * * * * * root cd /var/lib/node_exporter && /usr/local/sbin/jumpcloud-metrics >new && mv new jumpcloud.prom
#
# node_exporter reads the directory with --collector.textfile.directory=/var/lib/node_exporter.
# alerts.yml contains the alerts.
set -eu

# Another directory than that of the units is for tests.
results=${1-/run/jumpcloud-system-context}
fields='^\{"unit":"([^"]+)","time":"[^"]+","timestamp":([0-9]+),"outcome":"([a-z]+)",.*'

# Prints a metric of every unit that has run since the boot.
metric() {
  printf '# HELP %s %s\n# TYPE %s gauge\n' "$1" "$2" "$1"
  for file in "$results"/jumpcloud-*.json; do
    [ ! -e "$file" ] || sed -nE "s/$fields/$1$3/p" "$file"
  done
}

metric jumpcloud_last_run_timestamp_seconds 'When the last run ended.' '{unit="\1"} \2'
metric jumpcloud_last_run_outcome 'How the last run ended.' '{unit="\1",outcome="\3"} 1'
