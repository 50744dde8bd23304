/** JumpCloud's data centres. */
export const REGIONS = ['us', 'eu', 'in'] as const;
export type Region = (typeof REGIONS)[number];

/** Where each region's API answers. */
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
 * The region that `agentServerHost` of jcagent.conf stands for; undefined for a host that is not
 * known. A configuration without that field belongs to the first region, us.
 */
export function regionOf(agentServerHost: string | undefined): Region | undefined {
  if (agentServerHost === undefined) return 'us';
  const host = agentServerHost.trim().toLowerCase().replace(/:\d+$/, '');
  return Object.hasOwn(AGENT_SERVERS, host) ? AGENT_SERVERS[host] : undefined;
}

/** The region whose API answers at an address; undefined for any other address. */
export function regionAt(origin: string): Region | undefined {
  return REGIONS.find((region) => API_ORIGINS[region] === origin);
}
