/** Words of JumpCloud's messages that a report may repeat. All other words are left out. */
export const KNOWN_WORDS: ReadonlySet<string> = new Set(
  `a access accepted action add added after again all allowed already an and another any api are
  assign assigned association associations at attribute attributes automated automatically bad be
  because been before belong bind binding body bound but by can cannot change changed code conflict
  contains contact could created current date deferred deleted denied description device devices
  disabled does duplicate dynamic each edge enabled error exceeded exempt exemption exist exists
  expired failed field fields filter forbidden for found from gateway graph group groups had has have
  header host id in ineligible insights internal invalid is it its key later least limit list made
  malformed manage managed manual manually maximum may member members membership message method
  minimum missing modified modify more most must name no not null object of on one only operation or
  organization out parameter parse permission permissions permitted please policy process property
  query rate reason refused rejected remove removed request requests required resource resources
  response retry rule rules second seconds server service set signature slow state static status such
  support supported system systems than that the then there this through time timeout to token too
  try type unable unauthorized unavailable unexpected unknown unprocessable update updated use used
  user users using valid validation value values was wait were when which while will with without
  write wrong you your`.split(/\s+/),
);

/** Values that a report may show. They are constants of the API. */
export const KNOWN_VALUES: ReadonlySet<string> = new Set([
  ...['system', 'system_group', 'user', 'user_group', 'policy_group', 'policy'],
  ...['add', 'remove', 'update', 'enabled', 'deferred', 'administrator', 'mdm'],
  ...['STAGED', 'ACTIVATED', 'SUSPENDED', 'STATIC', 'NOTSET'],
  ...['DYNAMIC_AUTOMATED', 'DYNAMIC_REVIEW_REQUIRED', 'FilterQuery', 'hostname', 'eq'],
  ...['username email', '_id'],
]);

/** Fields of bodies that a report shows. Other fields are only counted. */
export const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  ...['_id', 'id', 'type', 'op', 'to', 'attributes', 'paths', 'compiledAttributes', 'sudo'],
  ...['enabled', 'withoutPassword', 'message', 'error', 'code', 'status', 'name', 'username'],
  ...['email', 'state', 'description', 'systemInsights', 'primarySystemUser', 'provisioner'],
  ...['primarySystemUser.id', 'provisionMetadata', 'membershipMethod', 'memberQuery', 'queryType'],
  ...['filters', 'field', 'operator', 'value', 'results', 'totalCount', 'fields', 'limit', 'skip'],
  ...['sort', 'active', 'filter'],
]);

/** Fields whose text is a message. */
export const MESSAGE_FIELDS: ReadonlySet<string> = new Set(['message', 'error']);

/** Headers that a report shows, and the values that it may repeat. */
export const KNOWN_HEADERS: Readonly<Record<string, RegExp>> = {
  'content-type': /^(application\/json|text\/html|text\/plain)(; ?charset=utf-8)?$/i,
  'retry-after': /^\d{1,6}$/,
  server: /^cloudflare$/i,
  'x-total-count': /^\d{1,6}$/,
  'x-ratelimit-limit': /^\d{1,6}$/,
  'x-ratelimit-remaining': /^\d{1,6}$/,
  'x-ratelimit-reset': /^\d{1,6}$/,
};
