/** How long JumpCloud is given to show what was written, in milliseconds: its graph may lag. */
export const PATIENCE_MS = 10_000;
