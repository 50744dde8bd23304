/** A question could not be answered. The message completes "Not answered: …" and holds no id. */
export class Unanswered extends Error {}
