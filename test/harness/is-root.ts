/** True if the tests run as root. Only root can change owners or run a process as another user. */
export const isRoot = process.getuid?.() === 0;
