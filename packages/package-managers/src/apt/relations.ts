import { versionSchemes } from '@patchbay/versioning';

/** One `name:qualifier (operator version)` of a relation field. */
export interface Relation {
  readonly name: string;
  /** `any`, an architecture, or empty. */
  readonly architecture: string;
  readonly operator: '<<' | '<=' | '=' | '>=' | '>>' | null;
  readonly version: string;
}

/** Something that has a version and may satisfy a relation. */
export interface Provider {
  readonly name: string;
  readonly version: string;
  readonly provides: readonly Relation[];
}

const relationText = /^([a-z0-9][a-z0-9+.-]*)(?::([a-z0-9-]+))?\s*(?:\(\s*(<<|<=|=|>=|>>|<|>)\s*([^\s)]+)\s*\))?$/i;

/**
 * A relation field as clauses of alternatives, https://www.debian.org/doc/debian-policy/ch-relationships.html. Null for
 * a text that is none: the caller has to take such a package for related to everything.
 */
export function parseRelations(text: string): Relation[][] | null {
  const clauses: Relation[][] = [];
  for (const clause of text.split(',')) {
    if (clause.trim() === '') continue;
    const alternatives: Relation[] = [];
    for (const alternative of clause.split('|')) {
      const match = relationText.exec(alternative.trim());
      if (match?.[1] === undefined || (match[4] !== undefined && !versionSchemes.dpkg.isValid(match[4]))) return null;
      alternatives.push({
        name: match[1],
        architecture: match[2] ?? '',
        operator: readOperator(match[3]),
        version: match[4] ?? '',
      });
    }
    clauses.push(alternatives);
  }
  return clauses;
}

/** Debian policy 7.1: a bare `<` or `>` is an old spelling of `<=` and `>=`. */
function readOperator(text: string | undefined): Relation['operator'] {
  switch (text) {
    case '<':
      return '<=';
    case '>':
      return '>=';
    case '<<':
    case '<=':
    case '=':
    case '>=':
    case '>>':
      return text;
    default:
      return null;
  }
}

/** Whether a package satisfies a relation by its name, or by what it provides; only a versioned Provides satisfies a version. */
export function satisfies(provider: Provider, relation: Relation): boolean {
  if (provider.name === relation.name && holds(provider.version, relation)) return true;
  return provider.provides.some(
    (provided) =>
      provided.name === relation.name &&
      (relation.operator === null || (provided.operator === '=' && holds(provided.version, relation))),
  );
}

function holds(version: string, relation: Relation): boolean {
  if (relation.operator === null) return true;
  // A version without an order satisfies no bound.
  if (!versionSchemes.dpkg.isValid(version)) return false;
  return accepts[relation.operator](versionSchemes.dpkg.compare(version, relation.version));
}

const accepts: Readonly<Record<NonNullable<Relation['operator']>, (order: number) => boolean>> = {
  '<<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '=': (order) => order === 0,
  '>=': (order) => order >= 0,
  '>>': (order) => order > 0,
};
