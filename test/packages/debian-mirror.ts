import { execa } from 'execa';

/** Returns the mirror that this machine's apt uses for Debian, or else the default mirror. */
export async function findDebianMirror(): Promise<string> {
  const words = ['indextargets', '--format', '$(SITE) $(ORIGIN)', 'Created-By: Packages'];
  const { stdout } = await execa('apt-get', words, { reject: false });
  const site = stdout
    .split('\n')
    .find((line) => line.endsWith(' Debian') && !line.includes('-security'));
  return site?.split(' ')[0] ?? 'http://deb.debian.org/debian';
}
