/** The collection's namespace and name: playbooks call `systemcontext.jumpcloud.<module>`. */
export const collectionName = { namespace: 'systemcontext', name: 'jumpcloud' } as const;
