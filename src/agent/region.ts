/** JumpCloud's regions, one data centre each. */
export const REGIONS = ['us', 'eu', 'in'] as const;
export type Region = (typeof REGIONS)[number];

/** The origin of each region's API. */
export const API_ORIGINS: Readonly<Record<Region, string>> = {
  us: 'https://console.jumpcloud.com',
  eu: 'https://console.eu.jumpcloud.com',
  in: 'https://console.in.jumpcloud.com',
};

const AGENT_SERVERS: Readonly<Record<string, Region>> = {
  'agent.jumpcloud.com': 'us',
  'agent.eu.jumpcloud.com': 'eu',
  'agent.in.jumpcloud.com': 'in',
};

/**
 * Returns the region of `agentServerHost` in jcagent.conf; undefined for an unknown host. A
 * configuration without that field belongs to the first region, us.
 */
export function regionOf(agentServerHost: string | undefined): Region | undefined {
  if (agentServerHost === undefined) return 'us';
  const host = agentServerHost.trim().toLowerCase().replace(/:\d+$/, '');
  return Object.hasOwn(AGENT_SERVERS, host) ? AGENT_SERVERS[host] : undefined;
}

/** Returns the region of an API's origin; undefined for any other origin. */
export function regionAt(origin: string): Region | undefined {
  return REGIONS.find((region) => API_ORIGINS[region] === origin);
}
