import { hostname, machine, release } from 'node:os';
import { readRegularFile } from '../options/read-regular-file.ts';
import { type Fact, toFact } from './fact.ts';

/** The paths of os-release. The second is read if the first does not exist, see os-release(5). */
const OS_RELEASE_PATHS = ['/etc/os-release', '/usr/lib/os-release'];

/** Reads a fact about the operating system. */
export function readOsFact(name: string): Fact {
  switch (name) {
    case 'hostname':
      return toFact(hostname(), 'the kernel');
    case 'hostname_short':
      return toFact(hostname().split('.')[0], 'the kernel');
    case 'arch':
      return toFact(machine(), 'the kernel');
    case 'kernel':
      return toFact(release(), 'the kernel');
    default:
      return toFact(readOsRelease().get(name.replace(/^os\./, '').toUpperCase()), 'os-release');
  }
}

function readOsRelease(): ReadonlyMap<string, string> {
  for (const path of OS_RELEASE_PATHS) {
    try {
      return parseOsRelease(readRegularFile(path, 1).toString('utf8'));
    } catch {
      // Continue with the next path.
    }
  }
  return new Map();
}

/** Parses os-release: one shell assignment per line, with or without quotes. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const assignments = text.matchAll(
    /^[ \t]*([A-Z_0-9]+)=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S*))\s*$/gm,
  );
  return new Map(
    [...assignments].map(([, key = '', double, single, bare]) => [
      key,
      single ?? (double ?? bare ?? '').replace(/\\(.)/g, '$1'),
    ]),
  );
}
