import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

/** An agent's key in both formats, and its certificate. All are PEM. */
export interface KeyFiles {
  readonly pkcs1: string;
  readonly pkcs8: string;
  readonly publicKey: string;
  readonly certificate: string;
}

/** A server's key and certificate. Both are PEM. */
export interface TlsIdentity {
  readonly key: string;
  readonly cert: string;
}

/** Makes an RSA key like an agent's, with its certificate. */
export async function makeKeyFiles(): Promise<KeyFiles> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pkcs8 = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return {
    pkcs1: String(privateKey.export({ type: 'pkcs1', format: 'pem' })),
    pkcs8,
    publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })),
    certificate: (await makeSelfSigned(pkcs8, 'agent', [])).cert,
  };
}

let cached: Promise<KeyFiles> | undefined;

/**
 * Returns one key for all hosts of this process, because making a key is slow and few tests need
 * two.
 */
export function sharedKeyFiles(): Promise<KeyFiles> {
  cached ??= makeKeyFiles();
  return cached;
}

const CA_EXTENSIONS = ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign'];

/** Makes a root certificate authority. */
export function makeCa(): Promise<TlsIdentity> {
  const extensions = CA_EXTENSIONS.flatMap((extension) => ['-addext', extension]);
  return makeSelfSigned(makeKey(), 'Emulator CA', extensions);
}

/** Makes an intermediate certificate authority. */
export function issueCa(root: TlsIdentity): Promise<TlsIdentity> {
  return issueCertificate(root, 'Issuing CA', CA_EXTENSIONS, { days: 30, since: -1 });
}

/**
 * Issues a server certificate, by default for this host. It is valid from `since` to `days`, both
 * in days from now. With a negative `days`, it has expired. With a positive `since`, it is not yet
 * valid.
 */
export function issueServerCertificate(
  ca: TlsIdentity,
  { names = 'DNS:localhost,IP:127.0.0.1', days = 30, since = Math.min(days, 0) - 1 } = {},
): Promise<TlsIdentity> {
  return issueCertificate(ca, 'emulator', [`subjectAltName=${names}`], { days, since });
}

function issueCertificate(
  ca: TlsIdentity,
  name: string,
  extensions: readonly string[],
  { days, since }: { days: number; since: number },
): Promise<TlsIdentity> {
  return inTemporaryDirectory(async (file, openssl) => {
    const key = makeKey();
    await file('ca.key', ca.key);
    await file('ca.crt', ca.cert);
    await file('server.key', key);
    await file('extensions', `${extensions.join('\n')}\n`);
    await openssl([
      'req',
      '-new',
      '-key',
      'server.key',
      '-subj',
      `/CN=${name}`,
      '-out',
      'server.csr',
    ]);
    await file('index', '');
    await file('ca.conf', CA_CONFIGURATION);
    const validity = ['-startdate', asn1Time(since), '-enddate', asn1Time(days)];
    const files = ['-in', 'server.csr', '-extfile', 'extensions', '-out', 'server.crt'];
    await openssl(['ca', '-batch', '-notext', '-config', 'ca.conf', ...validity, ...files]);
    return { key, cert: await file('server.crt') };
  });
}

/** The configuration that `openssl ca` needs. `openssl x509` cannot set the validity. */
const CA_CONFIGURATION = `
[ca]
default_ca = emulator
[emulator]
database = index
new_certs_dir = .
rand_serial = yes
default_md = sha256
certificate = ca.crt
private_key = ca.key
policy = any
[any]
commonName = supplied
`;

/** Returns the time `days` days from now, in the format of `openssl ca`. */
function asn1Time(days: number): string {
  const date = new Date(Date.now() + days * 86_400_000);
  return `${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
}

function makeKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

function makeSelfSigned(key: string, name: string, extensions: string[]): Promise<TlsIdentity> {
  return inTemporaryDirectory(async (file, openssl) => {
    await file('key', key);
    const subject = ['-subj', `/CN=${name}`, '-days', '30', '-out', 'crt'];
    await openssl(['req', '-x509', '-key', 'key', ...subject, ...extensions]);
    return { key, cert: await file('crt') };
  });
}

type FileWriter = (name: string, content?: string) => Promise<string>;
type OpensslRunner = (words: string[]) => Promise<unknown>;

async function inTemporaryDirectory<T>(
  work: (file: FileWriter, openssl: OpensslRunner) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'keys-'));
  try {
    const file: FileWriter = async (name, content) => {
      if (content !== undefined) await writeFile(join(directory, name), content, { mode: 0o600 });
      return readFile(join(directory, name), 'utf8');
    };
    return await work(file, (words) => execa('openssl', words, { cwd: directory }));
  } finally {
    await rm(directory, { recursive: true });
  }
}
