import { spawnSync } from 'node:child_process';

/** The differences of a test's host from this machine: added programs, and whether systemd runs. */
export interface HostPrograms {
  /**
   * A directory of programs to copy to the host's /usr/bin. By default, no program is copied. The
   * host never has this machine's commands systemctl, service and launchctl.
   */
  readonly programs?: string;
  /** Whether systemd appears to run. */
  readonly systemd?: boolean;
}

const SCRIPT = `
given=$PATH PATH=/usr/sbin:/usr/bin:/sbin:/bin
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
[ "$1" = no ] || mkdir -p /run/systemd/system
for place in /usr/bin /bin /usr/sbin /sbin; do
  [ ! -h "$place" ] || continue
  mkdir -p "/run/layers$place/upper" "/run/layers$place/work"
  mount -t overlay -o "lowerdir=$place,upperdir=/run/layers$place/upper,workdir=/run/layers$place/work" overlay "$place"
  rm -f "$place/systemctl" "$place/service" "$place/launchctl"
done
[ ! -d "$2" ] || cp -a "$2/." /usr/bin
shift 2
PATH=$given
exec "$@"
`;

/**
 * Returns the words to put before a command. The command runs in a mount namespace with these
 * programs.
 */
export function onHostWithPrograms({ programs = '', systemd = true }: HostPrograms): string[] {
  return [
    '/usr/bin/unshare',
    '--mount',
    '/bin/sh',
    '-c',
    SCRIPT,
    'sh',
    systemd ? 'yes' : 'no',
    programs,
  ];
}

let canMount: boolean | undefined;

/** Returns whether a test may have its own mounts on this machine. */
export function canHaveMounts(): boolean {
  const [file = '', ...words] = [...onHostWithPrograms({}), '/bin/true'];
  canMount ??= spawnSync(file, words, { timeout: 10_000 }).status === 0;
  return canMount;
}
