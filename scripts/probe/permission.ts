import { MARKER_FORMAT } from './record-marker.ts';
import { COLLECTION_PATHS, isTestName, TEST_OBJECT_KINDS, type TestObject } from './test-object.ts';

/** The sender of a request: this host with its signature, or the administrator. */
export type Actor = 'host' | 'administrator';

/** A request of the probe. */
export interface ProbeRequest {
  readonly actor: Actor;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** The path with the query. */
  readonly path: string;
  readonly body?: unknown;
  /** The seconds to add to the time of the signature. */
  readonly clockErrorSeconds?: number;
}

/** The objects that a run of the probe may change. */
export interface ProbeScope {
  readonly systemId: string;
  /** The test objects by id: those that this run created, and those that earlier runs left. */
  readonly made: ReadonlyMap<string, TestObject>;
  /** This host's description before the run. Undefined until it has been read. */
  readonly description: string | undefined;
  readonly mayDeleteRecord: boolean;
}

/** The error for a request that the probe may not send. */
export class ForbiddenRequest extends Error {}

/**
 * Checks that a request changes only test objects, this host's edges to them and three fields of
 * its record. Every request of the probe passes this check right before it is sent.
 * @throws ForbiddenRequest
 */
export function requirePermitted(request: ProbeRequest, scope: ProbeScope): void {
  const isPermitted =
    request.actor === 'host' ? mayHostSend(request, scope) : mayAdministratorSend(request, scope);
  if (isPermitted) return;
  throw new ForbiddenRequest(
    `The probe may not send ${request.method} ${request.path}. Nothing was sent. This is a bug in the probe.`,
  );
}

const ADMINISTRATOR_READ_PATHS =
  /^\/api\/(v2\/(systemgroups|policies)|v2\/systemgroups\/[0-9a-f]{24}(\/membership)?|systemusers\/[0-9a-f]{24}|systems\/[0-9a-f]{24}|commands)(\?|$)/;

function mayAdministratorSend({ method, path, body }: ProbeRequest, { made }: ProbeScope): boolean {
  switch (method) {
    case 'GET':
      return ADMINISTRATOR_READ_PATHS.test(path);
    case 'POST': {
      if (path === '/api/search/systemusers') return true;
      const { name, username = name } = Object(body);
      return Object.values(COLLECTION_PATHS).includes(path) && isTestName(username);
    }
    case 'DELETE':
      return TEST_OBJECT_KINDS.some((kind) => {
        const id = path.slice(COLLECTION_PATHS[kind].length + 1);
        return path === `${COLLECTION_PATHS[kind]}/${id}` && made.get(id)?.kind === kind;
      });
    case 'PUT':
      return false;
  }
}

function mayHostSend({ method, path, body }: ProbeRequest, scope: ProbeScope): boolean {
  const { systemId, made, mayDeleteRecord } = scope;
  const record = `/api/systems/${systemId}`;
  switch (method) {
    case 'GET':
      return (
        path === record ||
        path.startsWith(`/api/v2/systems/${systemId}/`) ||
        /^\/api\/v2\/policies\/[0-9a-f]{24}\/memberof$/.test(path)
      );
    case 'PUT':
      return path === record && isPermittedChange(body, scope);
    case 'DELETE':
      return path === record && mayDeleteRecord;
    case 'POST': {
      const { type, id, attributes } = Object(body);
      if (path === `/api/v2/systems/${systemId}/associations`) {
        const grantsSudo = Object(Object(attributes).sudo).enabled === true;
        return type === 'user' && made.get(id)?.kind === 'user' && !grantsSudo;
      }
      const group = /^\/api\/v2\/systemgroups\/([0-9a-f]{24})\/members$/.exec(path)?.[1] ?? '';
      return made.get(group)?.kind === 'system_group' && type === 'system' && id === systemId;
    }
  }
}

/**
 * Returns whether a change of the record is one of the probe's temporary changes, or reverses one.
 */
function isPermittedChange(body: unknown, { made, description }: ProbeScope): boolean {
  return Object.entries(Object(body)).every(([field, value]) => {
    switch (field) {
      case 'description':
        return value === description || (typeof value === 'string' && MARKER_FORMAT.test(value));
      case 'systemInsights':
        return ['enabled', 'deferred'].includes(Object(value).state);
      case 'primarySystemUser.id':
        return value === null || made.get(String(value))?.kind === 'user';
      default:
        return false;
    }
  });
}
