/**
 * The error for a question without an answer. The message completes "Not answered: …" and contains
 * no id.
 */
export class UnansweredQuestion extends Error {}
