import { readPage, requireClearStatus } from '../host-actions.ts';
import { defineQuestion, type Probe, verdictIf } from '../question.ts';

/** Asks whether this host is in a dynamic group. Only reads. */
export const dynamicMemberships = defineQuestion({
  id: 'dynamic_memberships',
  question: 'Is this host in a dynamic group that JumpCloud or an administrator made?',
  assumption:
    'Yes, in organisations made after August 2023: their default groups of operating systems are dynamic.',
  confidence: 'one source',
  otherwise:
    'An exclusive list of groups fails if it omits a dynamic group, and says so. With keep for that group it succeeds.',
  async ask({ client, dynamicGroups }: Probe) {
    const { ids } = await readPage(client, 'memberof', 100, 0);
    return { dynamic: ids.filter((id) => dynamicGroups.has(id)).length };
  },
  judge: ({ dynamic }) => ({
    verdict: verdictIf(dynamic > 0),
    summary: `In ${dynamic}.`,
    module:
      dynamic > 0
        ? 'jumpcloud_group_membership with exclusive has to name these groups under keep.'
        : 'jumpcloud_group_membership with exclusive needs no keep.',
  }),
});

/** Asks whether JumpCloud can filter the list of commands by name. Only reads. */
export const commandFilter = defineQuestion({
  id: 'command_filter',
  question: 'Does GET /api/commands accept the filter name:$eq:NAME?',
  assumption: 'Yes: a name that no command has gives an empty list.',
  confidence: 'one source',
  otherwise:
    'jumpcloud_names compares names itself, so a filter that is ignored costs only requests. A refusal fails with rejected.',
  async ask({ client, objects }: Probe) {
    const path = `/api/commands?filter=name:$eq:jsc-probe-${objects.run}&limit=10`;
    const answer = await client.send({ actor: 'administrator', method: 'GET', path });
    const { results } = Object(answer.body);
    const found = Array.isArray(results) ? results.length : 0;
    return { status: requireClearStatus(answer), is_filtered: found === 0 };
  },
  judge: ({ status, is_filtered }) => ({
    verdict: verdictIf(status === 200 && is_filtered),
    summary: `${status}, and the list was ${is_filtered ? 'empty' : 'not filtered'}.`,
    module:
      status !== 200
        ? 'jumpcloud_names with commands fails.'
        : 'jumpcloud_names with commands finds exact names.',
  }),
});
