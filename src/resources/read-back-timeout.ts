/** How long JumpCloud is given to show what was written, in milliseconds: its graph may lag. */
export const READ_BACK_TIMEOUT_MS = 10_000;
