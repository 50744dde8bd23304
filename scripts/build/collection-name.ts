/** The collection's namespace and name; a module is `systemcontext.jumpcloud.<module>` in a playbook. */
export const collectionName = { namespace: 'systemcontext', name: 'jumpcloud' } as const;
