import { spawnSync } from 'node:child_process';

/** What a host has in its system's directories beside this machine's own programs. */
export interface HostPrograms {
  /** A directory, if it is there, whose files it has in /usr/bin, in the place of this machine's service managers. */
  readonly programs?: string;
  /** Whether systemd runs on it. */
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

/** Returns the words to put before a command so that it runs on such a host, in mounts of its own. */
export function onHostWith({ programs = '', systemd = true }: HostPrograms): string[] {
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

let can: boolean | undefined;

/** Whether this machine lets a test have mounts of its own. */
export function canHaveMounts(): boolean {
  const [file = '', ...words] = [...onHostWith({}), '/bin/true'];
  can ??= spawnSync(file, words, { timeout: 10_000 }).status === 0;
  return can;
}
