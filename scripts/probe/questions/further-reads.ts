import { requireClearStatus } from '../host-actions.ts';
import { defineQuestion, type Probe, verdictIf } from '../question.ts';

/**
 * Asks whether a system may read its user groups, its policy groups and a policy's groups. Newer
 * API descriptions allow this.
 */
export const furtherReads = defineQuestion({
  id: 'further_reads',
  question:
    'May a system read its user groups, its policy groups and the groups of a policy, as newer published descriptions of the API say?',
  assumption: 'Yes.',
  confidence: 'one source',
  otherwise: 'No module uses these reads.',
  async ask({ client }: Probe) {
    const own = `/api/v2/systems/${client.systemId}`;
    const status = async (path: string) =>
      requireClearStatus(await client.send({ actor: 'host', method: 'GET', path }));
    const usergroups = await status(`${own}/usergroups?limit=10`);
    const policygroups = await status(`${own}/policygroups?limit=10`);
    const policies = await client.send({
      actor: 'administrator',
      method: 'GET',
      path: '/api/v2/policies?limit=1',
    });
    const [policy] = Array.isArray(policies.body) ? policies.body : [];
    const { id } = Object(policy);
    const isKnown = typeof id === 'string' && /^[0-9a-f]{24}$/.test(id);
    // In an organisation without a policy, the answer has no `policy_memberof`.
    return {
      usergroups,
      policygroups,
      ...(isKnown && { policy_memberof: await status(`/api/v2/policies/${id}/memberof`) }),
    };
  },
  judge(answer) {
    const statuses = Object.values(answer);
    return {
      verdict: verdictIf(statuses.every((status) => status === 200)),
      summary: Object.entries(answer)
        .map(([read, status]) => `${read}: ${status}`)
        .join(', ')
        .concat('.'),
      module: 'No module uses these reads.',
    };
  },
});
