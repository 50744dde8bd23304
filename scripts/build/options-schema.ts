import type { DocumentedValue, ModuleDocumentation } from './module-documentation.ts';
import { plainText } from './plain-text.ts';

/** A JSON Schema, draft 7, which all editors support. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The schema of text. Modules also accept a number or a boolean as text. */
const TEXT_SCHEMA = { type: ['string', 'number', 'boolean'] };

/**
 * Returns the JSON Schema of a module's options with their documented types. Modules accept further
 * forms, as Ansible's own modules do, for example `"yes"` for true.
 */
export function optionsSchema({ DOCUMENTATION }: ModuleDocumentation): JsonSchema {
  const { module, short_description, options } = DOCUMENTATION;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: module,
    description: short_description,
    ...mappingSchema(options),
  };
}

function mappingSchema(options: Readonly<Record<string, DocumentedValue>>): JsonSchema {
  const entries = Object.entries(options);
  const required = entries.filter(([, { required }]) => required).map(([name]) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(
      entries.map(([name, option]) => [
        name,
        { description: option.description.map(plainText).join('\n'), ...valueSchema(option) },
      ]),
    ),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

function valueSchema(option: DocumentedValue): JsonSchema {
  const { type, default: value } = option;
  return { ...typeSchema(type, option), ...(value !== undefined && { default: value }) };
}

function typeSchema(type: string, { choices, elements, suboptions }: DocumentedValue): JsonSchema {
  switch (type) {
    case 'bool':
      return { type: 'boolean' };
    case 'float':
      return { type: 'number', minimum: 0 };
    case 'list':
      return {
        type: 'array',
        items:
          elements === 'raw' ? itemSchema(suboptions) : choices ? { enum: choices } : TEXT_SCHEMA,
      };
    case 'dict':
      return suboptions === undefined ? { type: 'object' } : mappingSchema(suboptions);
    case 'raw':
      return {};
    default:
      return choices ? { enum: choices } : type === 'path' ? { type: 'string' } : TEXT_SCHEMA;
  }
}

/** Returns the schema of a list item: an id, a name, or a mapping with an id or name. */
function itemSchema(suboptions: DocumentedValue['suboptions'] = {}): JsonSchema {
  return { anyOf: [TEXT_SCHEMA, mappingSchema(suboptions)] };
}
