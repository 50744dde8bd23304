import type { SystemRecord } from './types.ts';

/** Returns the record of a new system, with the given fields. */
export function newRecord(id: string, fields: Partial<SystemRecord> = {}): SystemRecord {
  return {
    _id: id,
    id,
    displayName: 'ip-10-0-0-7',
    hostname: 'ip-10-0-0-7',
    allowSshRootLogin: false,
    allowSshPasswordAuthentication: true,
    allowPublicKeyAuthentication: true,
    allowMultiFactorAuthentication: false,
    attributes: [],
    primarySystemUser: { id: null },
    created: '2026-01-01T00:00:00.000Z',
    provisionMetadata: { provisioner: { type: 'administrator' } },
    active: true,
    lastContact: '2026-01-01T00:00:00.000Z',
    agentVersion: '1.147.0',
    arch: 'x86_64',
    os: 'Ubuntu',
    osFamily: 'linux',
    remoteIP: '203.0.113.7',
    sshRootEnabled: false,
    tags: [],
    ...fields,
  };
}
