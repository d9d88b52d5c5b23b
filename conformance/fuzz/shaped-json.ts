import type { Shape, StructureShape } from '@patchbay/aws-wire';
import * as fc from 'fast-check';
import { z } from 'zod';
import { compileJavaPattern } from '../../packages/aws-wire/src/constraints/java-pattern.ts';
import { oddJson, oddNumber, oddText } from './odd-values.ts';

/** Texts that mean something to the server, by the name of the member that takes them. */
export type KnownTexts = ReadonlyMap<string, readonly string[]>;

/** JSON as text: objects could hold neither a member twice nor a number beyond JavaScript's. */
type JsonText = fc.Arbitrary<string>;

const deepest = 7;

/** Mostly what the input of an operation asks for, sometimes anything. */
export function shapedJson(input: StructureShape | z.ZodType, known: KnownTexts): JsonText {
  if (!(input instanceof z.ZodType)) return ofShape(input, '', known, 0);
  const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return ofSchema(schema, '', { known, definitions: schema.$defs ?? {} }, 0);
}

function sometimesOdd(fitting: JsonText): JsonText {
  return fc.oneof({ weight: 24, arbitrary: fitting }, { weight: 1, arbitrary: oddJson });
}

interface Member {
  readonly name: string;
  readonly isRequired: boolean;
  readonly value: JsonText;
}

/** Members in any number: required ones nearly always, sometimes one twice or one that nobody asked for. */
function objectJson(members: readonly Member[]): JsonText {
  const entries = members.map(({ name, isRequired, value }) => {
    const entry = value.map((text) => `${JSON.stringify(name)}:${text}`);
    const absent = fc.constant(undefined);
    return isRequired
      ? fc.oneof({ weight: 1, arbitrary: absent }, { weight: 50, arbitrary: entry })
      : fc.oneof({ weight: 2, arbitrary: absent }, { weight: 1, arbitrary: entry });
  });
  const anyName = fc.oneof(oddText, fc.constantFrom('__proto__', 'constructor', ...members.map(({ name }) => name)));
  const stray = fc.tuple(anyName, oddJson).map(([name, text]) => `${JSON.stringify(name)}:${text}`);
  const extra = fc.oneof({ weight: 12, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: stray });
  return fc.tuple(...entries, extra).map((present) => `{${present.filter((entry) => entry !== undefined).join(',')}}`);
}

function listJson(element: JsonText): JsonText {
  const usual = fc.array(element, { maxLength: 3 });
  // The same element many times: beyond what any list may hold, and all alike.
  const long = fc
    .tuple(element, fc.constantFrom(21, 51, 101, 1_001))
    .map(([text, length]) => Array.from({ length: text.length > 2_000 ? 3 : length }, () => text));
  return fc
    .oneof({ weight: 16, arbitrary: usual }, { weight: 1, arbitrary: long })
    .map((elements) => `[${elements.join(',')}]`);
}

function mapJson(key: fc.Arbitrary<string>, value: JsonText): JsonText {
  return fc
    .array(fc.tuple(key, value), { maxLength: 3 })
    .map((entries) => `{${entries.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`);
}

/** A text of what fits: values the server knows, members of the enumeration, texts that match the pattern. */
function fittingText(
  name: string,
  known: KnownTexts,
  allowed: readonly string[] = [],
  pattern?: RegExp,
): fc.Arbitrary<string> {
  const choices: fc.WeightedArbitrary<string>[] = [{ weight: 3, arbitrary: oddText }];
  const knownHere = known.get(name.toLowerCase().replace(/s$/, ''));
  if (knownHere) choices.push({ weight: 16, arbitrary: fc.constantFrom(...knownHere) });
  if (allowed.length > 0) choices.push({ weight: 24, arbitrary: fc.constantFrom(...allowed) });
  else choices.push({ weight: 1, arbitrary: fc.constantFrom(...[...known.values()].flat(), '') });
  const matching = pattern && textMatching(pattern);
  if (matching) choices.push({ weight: 8, arbitrary: matching });
  return fc.oneof(...choices);
}

const matchingTexts = new Map<string, fc.Arbitrary<string> | undefined>();

function textMatching(pattern: RegExp): fc.Arbitrary<string> | undefined {
  const key = String(pattern);
  if (!matchingTexts.has(key)) {
    try {
      matchingTexts.set(key, fc.stringMatching(pattern, { size: 'xsmall' }));
    } catch {
      // fast-check writes texts for most patterns only; the others are still met by what else is sent.
      matchingTexts.set(key, undefined);
    }
  }
  return matchingTexts.get(key);
}

function ofShape(shape: Shape, name: string, known: KnownTexts, depth: number): JsonText {
  return depth > deepest ? oddJson : sometimesOdd(fittingShape(shape, name, known, depth + 1));
}

function fittingShape(shape: Shape, name: string, known: KnownTexts, depth: number): JsonText {
  switch (shape.kind) {
    case 'structure':
      return objectJson(
        shape.members.map(({ wireName, required, shape: member }) => ({
          name: wireName,
          isRequired: required,
          value: ofShape(member, wireName, known, depth),
        })),
      );
    case 'list':
      return listJson(ofShape(shape.element, name, known, depth));
    case 'map':
      return mapJson(shapeText(shape.key, name, known), ofShape(shape.value, name, known, depth));
    case 'string':
      return shapeText(shape, name, known).map((text) => JSON.stringify(text));
    case 'boolean':
      return fc.boolean().map(String);
    case 'timestamp':
      return fc.oneof(
        fc.integer({ min: 0, max: 2_000_000_000 }).map(String),
        oddNumber,
        oddText.map((text) => JSON.stringify(text)),
      );
    case 'integer':
    case 'long':
    case 'float': {
      const { min = 0, max = 100 } = shape.constraints ?? {};
      return fc.oneof({ weight: 4, arbitrary: fc.integer({ min, max: Math.max(min, max) }).map(String) }, oddNumber);
    }
    case 'blob':
      return fc.base64String().map((text) => JSON.stringify(text));
    case 'document':
      return oddJson;
  }
  throw new RangeError('A shape of no kind');
}

function shapeText(shape: Shape, name: string, known: KnownTexts): fc.Arbitrary<string> {
  const { enumValues, pattern } = shape.constraints ?? {};
  return fittingText(name, known, enumValues, pattern === undefined ? undefined : compileJavaPattern(pattern));
}

/** What zod writes of JSON Schema. */
interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly type?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
}

interface SchemaContext {
  readonly known: KnownTexts;
  readonly definitions: Readonly<Record<string, JsonSchema>>;
}

function ofSchema(schema: JsonSchema, name: string, context: SchemaContext, depth: number): JsonText {
  return depth > deepest + 3 ? oddJson : sometimesOdd(fittingSchema(schema, name, context, depth + 1));
}

function fittingSchema(schema: JsonSchema, name: string, context: SchemaContext, depth: number): JsonText {
  if (schema.$ref !== undefined) {
    const definition = context.definitions[schema.$ref.slice('#/$defs/'.length)];
    return definition ? ofSchema(definition, name, context, depth) : oddJson;
  }
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants) return fc.oneof(...variants.map((variant) => ofSchema(variant, name, context, depth)));
  if (schema.enum) return fc.constantFrom(...schema.enum.map((value) => JSON.stringify(value)));
  if (schema.const !== undefined) return fc.constant(JSON.stringify(schema.const));
  switch (schema.type) {
    case 'object':
      return schema.properties
        ? objectJson(
            Object.entries(schema.properties).map(([member, value]) => ({
              name: member,
              isRequired: schema.required?.includes(member) ?? false,
              value: ofSchema(value, member, context, depth),
            })),
          )
        : mapJson(
            oddText,
            typeof schema.additionalProperties === 'object'
              ? ofSchema(schema.additionalProperties, name, context, depth)
              : oddJson,
          );
    case 'array':
      return listJson(schema.items ? ofSchema(schema.items, name, context, depth) : oddJson);
    case 'string': {
      const pattern = schema.pattern === undefined ? undefined : new RegExp(schema.pattern);
      return fittingText(name, context.known, [], pattern).map((text) => JSON.stringify(text));
    }
    case 'integer':
    case 'number': {
      const { minimum = 0, maximum = 100 } = schema;
      const largest = Math.min(Math.max(minimum, maximum), 2 ** 31 - 1);
      return fc.oneof(fc.integer({ min: Math.max(minimum, -(2 ** 31)), max: largest }).map(String), oddNumber);
    }
    case 'boolean':
      return fc.boolean().map(String);
    case 'null':
      return fc.constant('null');
    default:
      return oddJson;
  }
}
