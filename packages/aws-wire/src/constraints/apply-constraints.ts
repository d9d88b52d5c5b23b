import { validationError } from '../errors.ts';
import type { ListShape, MapShape, Shape, StructureShape } from '../shape.ts';
import { elementPath, entryPath, memberPath } from '../value-path.ts';
import { brokenConstraints, describeConstraints } from './constraint-texts.ts';
import { printValue } from './print-value.ts';

/** One sentence of a ValidationException and the place it is about. */
export interface Violation {
  /** `targets.1.member.values`. */
  readonly path: string;
  readonly text: string;
}

/** A place in a value. What lies inside something sensitive is as sensitive. */
interface Place {
  readonly path: string;
  readonly isHidden: boolean;
}

// A small body can break a rule a hundred thousand times; its answer must not grow to hundreds of megabytes.
const mostViolations = 100;

/**
 * Throws AwsError ValidationException with all violations in AWS's words: `2 validation errors detected: Value 'ab' at
 * 'name' failed to satisfy constraint: …; Value null at …`.
 */
export function applyConstraints(shape: StructureShape, value: Readonly<Record<string, unknown>>): void {
  const violations = findViolations(shape, value);
  if (violations.length === 0) return;
  const count = violations.length === 1 ? '1 validation error' : `${violations.length} validation errors`;
  throw validationError(`${count} detected: ${violations.map(({ text }) => text).join('; ')}`);
}

/** The first hundred violations of a decoded value, in the order of the schema's members. */
export function findViolations(shape: StructureShape, value: Readonly<Record<string, unknown>>): Violation[] {
  const violations: Violation[] = [];
  visitStructure(shape, value, { path: '', isHidden: false }, violations);
  return violations.slice(0, mostViolations);
}

function visitStructure(
  shape: StructureShape,
  value: Readonly<Record<string, unknown>>,
  place: Place,
  violations: Violation[],
): void {
  for (const member of shape.members) {
    const memberValue = value[member.name];
    const path = memberPath(place.path, member.name);
    if (memberValue !== undefined) visitValue(member.shape, memberValue, { ...place, path }, violations);
    else if (member.required) {
      violations.push({
        path,
        text: `Value null at '${path}' failed to satisfy constraint: Member must not be null`,
      });
    }
  }
}

function visitValue(shape: Shape, value: unknown, around: Place, violations: Violation[]): void {
  if (value === null || violations.length >= mostViolations) return;
  const place = { path: around.path, isHidden: around.isHidden || shape.sensitive === true };
  for (const constraint of brokenConstraints(shape, value)) {
    violations.push(violation(shape, value, place, constraint));
  }
  if (shape.kind === 'structure' && isRecord(value)) visitStructure(shape, value, place, violations);
  else if (shape.kind === 'list' && Array.isArray(value)) visitElements(shape, value, place, violations);
  else if (shape.kind === 'map' && isRecord(value)) visitEntries(shape, value, place, violations);
}

/**
 * AWS reports simple elements once for the whole list, naming all constraints of an element; seen in
 * https://github.com/aws-samples/eks-security-compromised-cluster-remediation/issues/18
 */
function visitElements(shape: ListShape, values: readonly unknown[], place: Place, violations: Violation[]): void {
  const { element } = shape;
  if (isContainer(element)) {
    values.forEach((value, index) =>
      visitValue(element, value, { ...place, path: elementPath(place.path, index, element) }, violations),
    );
  } else if (values.some((value) => breaksAny(element, value))) {
    const text = `Member must satisfy constraint: [${describeConstraints(element).join(', ')}]`;
    violations.push(violation(shape, values, place, text));
  }
}

/** Keys and simple values of a map in the same way, as in https://github.com/boto/boto3/issues/2601 */
function visitEntries(
  shape: MapShape,
  entries: Readonly<Record<string, unknown>>,
  place: Place,
  violations: Violation[],
): void {
  if (Object.keys(entries).some((key) => breaksAny(shape.key, key))) {
    const text = `Map keys must satisfy constraint: [${describeConstraints(shape.key).join(', ')}]`;
    violations.push(violation(shape, entries, place, text));
  }
  if (isContainer(shape.value)) {
    for (const [key, value] of Object.entries(entries)) {
      visitValue(shape.value, value, { ...place, path: entryPath(place.path, key, shape.value) }, violations);
    }
  } else if (Object.values(entries).some((value) => breaksAny(shape.value, value))) {
    const text = `Map value must satisfy constraint: [${describeConstraints(shape.value).join(', ')}]`;
    violations.push(violation(shape, entries, place, text));
  }
}

function breaksAny(shape: Shape, value: unknown): boolean {
  return value !== null && brokenConstraints(shape, value).length > 0;
}

function violation(shape: Shape, value: unknown, place: Place, constraint: string): Violation {
  // AWS leaves the value of a sensitive member out, as Cognito does for passwords.
  const shown = place.isHidden ? 'Value' : `Value '${printValue(shape, value)}'`;
  return { path: place.path, text: `${shown} at '${place.path}' failed to satisfy constraint: ${constraint}` };
}

function isContainer(shape: Shape): boolean {
  return shape.kind === 'structure' || shape.kind === 'list' || shape.kind === 'map';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
