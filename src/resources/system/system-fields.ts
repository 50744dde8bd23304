import type { SystemChanges, SystemRecord } from '../../api/systems.ts';
import {
  attributesOf,
  type BareAttribute,
  isSameAttributeList,
  mergeAttributes,
  toBareAttributes,
} from './attributes.ts';

/** The desired settings of this host's record. A setting that is undefined is not managed. */
export interface SystemSettings {
  readonly display_name: string | undefined;
  readonly description: string | undefined;
  readonly allow_ssh_root_login: boolean | undefined;
  readonly allow_ssh_password_authentication: boolean | undefined;
  readonly allow_public_key_authentication: boolean | undefined;
  readonly allow_multi_factor_authentication: boolean | undefined;
  /** The id of the primary user; empty text for no primary user. */
  readonly primary_user: string | undefined;
  /** The values of custom attributes by name. Null removes the attribute. */
  readonly attributes: ReadonlyMap<string, string | null> | undefined;
  /** Whether custom attributes that are missing from `attributes` are removed. */
  readonly purge_attributes: boolean;
  readonly system_insights: string | undefined;
}

/**
 * The desired settings of this host's record. `settle` is the number of seconds for which they must
 * stay unchanged.
 */
export type DesiredSystem = SystemSettings & { readonly settle: number };

/** A managed option with its current and desired value. */
export interface ManagedField {
  readonly option: keyof SystemSettings;
  readonly current: unknown;
  readonly desired: unknown;
  readonly isAsDesired: boolean;
  /** The fields of a PUT that change this option to the desired value. */
  readonly changes: SystemChanges;
}

function createField<T>(
  option: ManagedField['option'],
  { current, desired }: { current: T; desired: T },
  changes: SystemChanges,
  isSame: (current: T, desired: T) => boolean = Object.is,
): ManagedField {
  return { option, current, desired, isAsDesired: isSame(current, desired), changes };
}

const TEXT_FIELDS = { display_name: 'displayName', description: 'description' } as const;

const BOOLEAN_FIELDS = {
  allow_ssh_root_login: 'allowSshRootLogin',
  allow_ssh_password_authentication: 'allowSshPasswordAuthentication',
  allow_public_key_authentication: 'allowPublicKeyAuthentication',
  allow_multi_factor_authentication: 'allowMultiFactorAuthentication',
} as const;

/** Returns every managed option with its current and desired value. */
export function listManagedFields(settings: SystemSettings, record: SystemRecord): ManagedField[] {
  const fields: ManagedField[] = [];
  for (const [option, key] of typedEntries(TEXT_FIELDS)) {
    const desired = settings[option];
    if (desired === undefined) continue;
    // A missing text in the record counts as empty text.
    fields.push(createField(option, { current: record[key] ?? '', desired }, { [key]: desired }));
  }
  for (const [option, key] of typedEntries(BOOLEAN_FIELDS)) {
    const desired = settings[option];
    if (desired === undefined) continue;
    const current = record[key] ?? null;
    fields.push(createField<boolean | null>(option, { current, desired }, { [key]: desired }));
  }
  const { primary_user: desired } = settings;
  if (desired !== undefined) {
    const changes = { 'primarySystemUser.id': desired || null };
    fields.push(createField('primary_user', { current: primaryUserOf(record), desired }, changes));
  }
  const { system_insights: state } = settings;
  if (state !== undefined) {
    const current = insightsStateOf(record);
    const changes = { systemInsights: { state } };
    fields.push(
      createField<string | null>('system_insights', { current, desired: state }, changes),
    );
  }
  if (settings.attributes !== undefined) {
    const current = attributesOf(record);
    const attributes = mergeAttributes(current, settings.attributes, settings.purge_attributes);
    const values = { current: toBareAttributes(current), desired: toBareAttributes(attributes) };
    fields.push(createField('attributes', values, { attributes }, isSameAttributeList));
  }
  return fields;
}

/** Returns the names of the custom attributes that a change adds, sets or removes. */
export function changedAttributes({ option, current, desired }: ManagedField): string[] {
  if (option !== 'attributes') return [];
  const lists = [current, desired] as readonly BareAttribute[][];
  const isIn = (list: readonly BareAttribute[], one: BareAttribute) =>
    list.some(({ name, value }) => name === one.name && value === one.value);
  const changed = lists.flat().filter((one) => !lists.every((list) => isIn(list, one)));
  return [...new Set(changed.map(({ name }) => name))];
}

/** Returns the managed options with a value in the record that differs from the desired value. */
export function findDrift(settings: SystemSettings, record: SystemRecord): ManagedField[] {
  return listManagedFields(settings, record).filter(({ isAsDesired }) => !isAsDesired);
}

/** Returns the body of a PUT that makes these changes. */
export function buildPutBody(changes: readonly ManagedField[]): SystemChanges {
  return Object.assign({}, ...changes.map((change) => change.changes));
}

/** Returns the record as it will be after a write. */
export function predictRecord(record: SystemRecord, changes: SystemChanges): SystemRecord {
  const { 'primarySystemUser.id': user, attributes, systemInsights, ...plain } = changes;
  const after: SystemRecord = {
    ...record,
    ...plain,
    ...(attributes && { attributes: [...attributes] }),
    ...(systemInsights && { systemInsights: { ...record.systemInsights, ...systemInsights } }),
  };
  if (user === undefined) return after;
  return 'primarySystemUser.id' in record
    ? { ...after, 'primarySystemUser.id': user }
    : { ...after, primarySystemUser: { ...record.primarySystemUser, id: user } };
}

/**
 * Returns all settings of a record by option name. A setting that the record lacks is null or
 * empty.
 */
export function settingsOf(record: SystemRecord): Readonly<Record<string, unknown>> {
  return {
    display_name: record.displayName ?? '',
    description: record.description ?? '',
    ...Object.fromEntries(
      typedEntries(BOOLEAN_FIELDS).map(([option, key]) => [option, record[key] ?? null]),
    ),
    primary_user: primaryUserOf(record),
    system_insights: insightsStateOf(record),
    attributes: Object.fromEntries(
      attributesOf(record).flatMap(({ name, value }) =>
        typeof value === 'string' ? [[name, value]] : [],
      ),
    ),
  };
}

function insightsStateOf({ systemInsights }: SystemRecord): string | null {
  return systemInsights?.state ?? null;
}

function primaryUserOf(record: SystemRecord): string {
  return record['primarySystemUser.id'] ?? record.primarySystemUser?.id ?? '';
}

function typedEntries<T extends object>(table: T): { [K in keyof T]: [K, T[K]] }[keyof T][] {
  return Object.entries(table) as { [K in keyof T]: [K, T[K]] }[keyof T][];
}
