export { allAssociations } from './all-associations.ts';
export { systemRecord } from './system-record.ts';
