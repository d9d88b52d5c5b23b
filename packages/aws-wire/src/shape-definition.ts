import {
  type BooleanShape,
  type Constraints,
  type ListShape,
  type MapShape,
  type NumberShape,
  type OperationShape,
  type Shape,
  type StringShape,
  type StructureShape,
  type TimestampShape,
  toMemberName,
} from './shape.ts';

/** Shapes written by hand, for operations that the SDK does not publish. */
export function text(constraints?: Constraints): StringShape {
  return { kind: 'string', ...(constraints === undefined ? {} : { constraints }) };
}

/** A text that errors and logs never show. */
export function secretText(constraints?: Constraints): StringShape {
  return { ...text(constraints), sensitive: true };
}

export function integer(constraints?: Constraints): NumberShape {
  return { kind: 'integer', ...(constraints === undefined ? {} : { constraints }) };
}

export function truth(): BooleanShape {
  return { kind: 'boolean' };
}

/** Epoch seconds on the wire. */
export function timestamp(): TimestampShape {
  return { kind: 'timestamp', format: 'epoch-seconds' };
}

export function listOf(element: Shape, constraints?: Constraints): ListShape {
  return { kind: 'list', element, sparse: false, ...(constraints === undefined ? {} : { constraints }) };
}

export function mapOf(value: Shape, key: StringShape = text()): MapShape {
  return { kind: 'map', key, value, sparse: false };
}

/** Members by wire name; a name that ends in `!` is required. */
export function structure(name: string, members: Readonly<Record<string, Shape>>): StructureShape {
  return {
    kind: 'structure',
    name,
    isUnion: false,
    members: Object.entries(members).map(([spelling, shape]) => {
      const required = spelling.endsWith('!');
      const wireName = required ? spelling.slice(0, -1) : spelling;
      return { name: toMemberName(wireName), wireName, required, idempotencyToken: false, shape };
    }),
  };
}

/** An operation from the members of its input and output, spelled as in `structure`. */
export function defineOperationShape(
  name: string,
  input: Readonly<Record<string, Shape>>,
  output: Readonly<Record<string, Shape>>,
  errors: readonly string[] = [],
): OperationShape {
  return { name, input: structure(`${name}Request`, input), output: structure(`${name}Result`, output), errors };
}
