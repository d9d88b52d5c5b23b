import type { Shape, StructureShape } from '@patchbay/aws-wire';

function redact(shape: Shape, value: unknown): unknown {
  if (shape.sensitive) return '***';
  if (shape.kind === 'structure' && typeof value === 'object' && value !== null) return withoutSecrets(shape, value);
  if (shape.kind === 'list' && Array.isArray(value)) return value.map((element) => redact(shape.element, element));
  if (shape.kind === 'map' && typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, redact(shape.value, entry)]));
  }
  return value;
}

/** An input for the audit trail: what the model marks as sensitive is not in it. */
export function withoutSecrets(shape: StructureShape, input: unknown): unknown {
  if (typeof input !== 'object' || input === null) return input;
  const members = new Map(shape.members.map((member) => [member.name, member.shape]));
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => {
      const member = members.get(name);
      return [name, member ? redact(member, value) : value];
    }),
  );
}
