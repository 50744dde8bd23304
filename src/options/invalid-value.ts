/** What is wrong with a value, and what is accepted; follows the option's name and a colon. */
export class InvalidValue extends Error {}
