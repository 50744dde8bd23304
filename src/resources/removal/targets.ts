// One place to import them from, so that an executable has them in one piece.
export { allAssociations } from './all-associations.ts';
export { systemRecord } from './system-record.ts';
