/** JumpCloud's regions, one data centre each. */
export const REGIONS = ['us', 'eu', 'in'] as const;
export type Region = (typeof REGIONS)[number];

/** The origin of each region's API. */
export const API_ORIGINS: Readonly<Record<Region, string>> = {
  us: 'https://console.jumpcloud.com',
  eu: 'https://console.eu.jumpcloud.com',
  in: 'https://console.in.jumpcloud.com',
};

/** The region of each host name that jcagent.conf can have as `agentServerHost`. */
const AGENT_SERVERS: Readonly<Record<string, Region>> = {
  'agent.jumpcloud.com': 'us',
  'agent.eu.jumpcloud.com': 'eu',
  'agent.in.jumpcloud.com': 'in',
};

/**
 * Returns the region of the `agentServerHost` in jcagent.conf; undefined for an unknown host.
 * Without an `agentServerHost`, the region is `us`, JumpCloud's first one.
 */
export function regionOfAgentServer(agentServerHost: string | undefined): Region | undefined {
  if (agentServerHost === undefined) return 'us';
  const host = agentServerHost.trim().toLowerCase().replace(/:\d+$/, '');
  return Object.hasOwn(AGENT_SERVERS, host) ? AGENT_SERVERS[host] : undefined;
}

/** Returns the region whose API has a given origin; undefined if no region's API has it. */
export function regionOfOrigin(origin: string): Region | undefined {
  return REGIONS.find((region) => API_ORIGINS[region] === origin);
}
