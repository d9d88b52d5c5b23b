import { NormalizedSchema } from '@smithy/core/schema';
import type {
  SchemaTraitsObject,
  StaticErrorSchema,
  StaticOperationSchema,
  StaticStructureSchema,
  StaticUnionSchema,
} from '@smithy/types';
import type { ConstraintNode, ServiceConstraints } from './constraints/service-constraints.ts';
import {
  type ErrorShape,
  type HttpBinding,
  type HttpLocation,
  type MemberShape,
  type OperationShape,
  type Shape,
  type StringShape,
  type StructureShape,
  toMemberName,
} from './shape.ts';

/**
 * The one file that knows how `@aws-sdk/client-*` packages publish their schemas: tuples exported as `Name$`, which the
 * maintainers call an implementation detail. Everything else works on our own shapes, so a change of form ends here;
 * the canary test beside this file notices it.
 */
export interface AdaptedService {
  readonly operations: ReadonlyMap<string, OperationShape>;
  readonly errors: ReadonlyMap<string, ErrorShape>;
}

/** A client package's namespace: `import * as ssm from '@aws-sdk/client-ssm'`. */
export type ClientModule = Readonly<Record<string, unknown>>;

const operationTag = 9;
const errorTag = -3;
const unionTag = 4;

/** Turns a client package's schemas, with the constraints that they lack, into shapes. Call it once at start. */
export function adaptService(client: ClientModule, constraints?: ServiceConstraints): AdaptedService {
  const adapter = createAdapter(constraints);
  const operations = new Map<string, OperationShape>();
  const errors = new Map<string, ErrorShape>();
  for (const [exportName, exported] of Object.entries(client)) {
    if (!exportName.endsWith('$') || !Array.isArray(exported)) continue;
    if (isOperation(exported)) operations.set(exported[2], adapter.operation(exported));
    else if (isError(exported)) errors.set(exported[2], adapter.error(exported));
  }
  return { operations, errors };
}

function isOperation(schema: readonly unknown[]): schema is StaticOperationSchema {
  return schema[0] === operationTag && typeof schema[2] === 'string';
}

function isError(schema: readonly unknown[]): schema is StaticErrorSchema {
  return schema[0] === errorTag && typeof schema[2] === 'string';
}

function createAdapter(constraints: ServiceConstraints | undefined) {
  // Structures may contain themselves (InventoryAggregator), so each is entered before its members are read.
  const structures = new Map<unknown, StructureShape>();

  function operation(schema: StaticOperationSchema): OperationShape {
    const [, , name, , input, output] = schema;
    const http = httpBinding(NormalizedSchema.of(schema).getMergedTraits().http);
    return {
      name,
      input: structureOf(NormalizedSchema.of(input), `${name}Request`),
      output: structureOf(NormalizedSchema.of(output), `${name}Result`),
      errors: constraints?.operations[name]?.errors ?? [],
      ...(http === undefined ? {} : { http }),
    };
  }

  function error(schema: StaticErrorSchema): ErrorShape {
    const normalized = NormalizedSchema.of(schema);
    const { error: blamed, httpError } = normalized.getMergedTraits();
    return {
      name: schema[2],
      fault: blamed === 'server' ? 'server' : 'client',
      structure: structureOf(normalized, schema[2]),
      ...(typeof httpError === 'number' ? { statusCode: httpError } : {}),
    };
  }

  function structureOf(normalized: NormalizedSchema, nameOfUnit: string): StructureShape {
    if (normalized.isUnitSchema()) return { kind: 'structure', name: nameOfUnit, isUnion: false, members: [] };
    const schema = normalized.getSchema();
    const known = structures.get(schema);
    if (known !== undefined) return known;
    const members: MemberShape[] = [];
    const name = normalized.getName() ?? nameOfUnit;
    const shape: StructureShape = {
      kind: 'structure',
      name,
      isUnion: tagOf(schema) === unionTag,
      members,
      ...(normalized.getOwnTraits().sensitive === 1 ? { sensitive: true } : {}),
    };
    structures.set(schema, shape);
    const requiredNames = requiredMembers(schema);
    const modelled = constraints?.structures[name];
    for (const [wireName, member] of normalized.structIterator()) {
      const traits = member.getMergedTraits();
      const location = httpLocation(`${name}.${wireName}`, traits);
      members.push({
        name: toMemberName(wireName),
        wireName: traits.jsonName ?? wireName,
        required: requiredNames.has(wireName) || (modelled?.required?.includes(wireName) ?? false),
        idempotencyToken: traits.idempotencyToken === 1,
        shape: shapeOf(member, constraintNode(modelled?.members?.[wireName])),
        ...(location === undefined ? {} : { httpLocation: location }),
      });
    }
    assertDistinctNames(shape);
    return shape;
  }

  function constraintNode(shapeName: string | undefined): ConstraintNode | undefined {
    return shapeName === undefined ? undefined : constraints?.shapes[shapeName];
  }

  function shapeOf(normalized: NormalizedSchema, node: ConstraintNode | undefined): Shape {
    const common = commonOf(normalized, node);
    if (normalized.isStructSchema()) return structureOf(normalized, 'Unit');
    if (normalized.isListSchema()) {
      return {
        kind: 'list',
        element: shapeOf(normalized.getValueSchema(), constraintNode(node?.element)),
        sparse: normalized.getMergedTraits().sparse === 1,
        ...common,
      };
    }
    if (normalized.isMapSchema()) {
      const key: StringShape = {
        kind: 'string',
        ...commonOf(normalized.getKeySchema(), constraintNode(node?.key)),
      };
      return {
        kind: 'map',
        key,
        value: shapeOf(normalized.getValueSchema(), constraintNode(node?.value)),
        sparse: normalized.getMergedTraits().sparse === 1,
        ...common,
      };
    }
    if (normalized.isStringSchema()) return { kind: 'string', ...common };
    if (normalized.isBooleanSchema()) return { kind: 'boolean', ...common };
    if (normalized.isTimestampSchema()) return { kind: 'timestamp', format: timestampFormat(normalized), ...common };
    if (normalized.isBlobSchema()) return { kind: 'blob', ...common };
    if (normalized.isDocumentSchema()) return { kind: 'document', ...common };
    // The schema has one number type only; AWS's model says which are whole.
    if (normalized.isNumericSchema()) return { kind: node?.number ?? 'float', ...common };
    throw new TypeError(
      `Schema ${normalized.getName() ?? JSON.stringify(normalized.getSchema())} has a form not known here`,
    );
  }

  return { operation, error };
}

function commonOf(normalized: NormalizedSchema, node: ConstraintNode | undefined) {
  const { min, max, pattern, enum: enumValues } = node ?? {};
  const constraints = {
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(pattern === undefined ? {} : { pattern }),
    ...(enumValues === undefined ? {} : { enumValues }),
  };
  return {
    ...(Object.keys(constraints).length === 0 ? {} : { constraints }),
    ...(normalized.getMergedTraits().sensitive === 1 ? { sensitive: true } : {}),
  };
}

function tagOf(schema: unknown): unknown {
  return Array.isArray(schema) ? schema[0] : undefined;
}

/** The seventh element counts the leading member names that are required; NormalizedSchema has no accessor for it. */
function requiredMembers(schema: unknown): ReadonlySet<string> {
  if (!Array.isArray(schema)) return new Set();
  const [, , , , names, , requiredCount = 0] = schema as unknown as StaticStructureSchema | StaticUnionSchema;
  return new Set(names.slice(0, requiredCount));
}

// Sentinels of @smithy/types: 4 default (epoch seconds in JSON bodies), 5 date-time, 6 http-date, 7 epoch seconds.
function timestampFormat(normalized: NormalizedSchema): 'epoch-seconds' | 'date-time' | 'http-date' {
  const sentinel = normalized.getSchema();
  return sentinel === 5 ? 'date-time' : sentinel === 6 ? 'http-date' : 'epoch-seconds';
}

function httpBinding(trait: unknown): HttpBinding | undefined {
  if (!Array.isArray(trait)) return undefined;
  const [method, path, statusCode] = trait as unknown as [string, string, number];
  return { method, path, statusCode };
}

// What no service here has used so far; a member that has it would silently be looked for in the body.
const unreadTraits = ['httpHeader', 'httpPayload', 'httpPrefixHeaders', 'httpQueryParams', 'httpResponseCode'] as const;

function httpLocation(member: string, traits: SchemaTraitsObject): HttpLocation | undefined {
  const unread = unreadTraits.find((trait) => traits[trait] !== undefined);
  if (unread !== undefined) throw new TypeError(`${member} has the trait ${unread}, which is not read here`);
  if (traits.httpLabel === 1) return { in: 'path' };
  return traits.httpQuery === undefined ? undefined : { in: 'query', name: traits.httpQuery };
}

function assertDistinctNames(shape: StructureShape): void {
  const names = new Set(shape.members.map(({ name }) => name));
  if (names.size !== shape.members.length) {
    throw new TypeError(`Two members of ${shape.name} have the same name inside`);
  }
}
