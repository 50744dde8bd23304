# @summary The sections that are lists.
type Jumpcloud::Lists = Enum['groups', 'users', 'user_groups', 'policies', 'policy_groups', 'commands']
