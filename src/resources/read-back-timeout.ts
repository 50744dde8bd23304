/** How long a change may take to become visible, in milliseconds: JumpCloud's graph may lag. */
export const READ_BACK_TIMEOUT_MS = 10_000;
