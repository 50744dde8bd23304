/** The maximum time until a change becomes visible, in milliseconds. JumpCloud's graph may lag. */
export const READ_BACK_TIMEOUT_MS = 10_000;
