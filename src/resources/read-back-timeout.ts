/**
 * The maximum time to wait until JumpCloud shows a change, in milliseconds. JumpCloud's graph may
 * lag.
 */
export const READ_BACK_TIMEOUT_MS = 10_000;
