import { AppError } from '@patchbay/facts';
import { quoted } from '../../schedules/schedule-error.ts';

/** A version that cannot be used; AWS answers all of these with InvalidVersionNumberException. */
export class SemanticVersionError extends AppError<'INVALID_VERSION' | 'INVALID_WILDCARD' | 'NO_VERSION_LEFT'> {}

/** The version that the owner of a resource gives it (Image Builder user guide, "Semantic versioning"). */
export interface SemanticVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** A version in which the nodes from some place on may be `x`: what stands before it. `1.x.x` fixes only `[1]`. */
export interface VersionPattern {
  readonly fixed: readonly number[];
}

/** The user guide's upper limit of a node, 2^30 - 1. */
export const highestVersionNode = 2 ** 30 - 1;

const nodeNames = ['major', 'minor', 'patch'] as const;

function readNodes(text: string, nodes: RegExp, expected: string): readonly (number | 'x')[] {
  const parts = text.split('.');
  if (parts.length !== nodeNames.length || !parts.every((part) => nodes.test(part))) {
    throw new SemanticVersionError(
      'INVALID_VERSION',
      `The version ${quoted(text)} is not valid: it must be ${expected}.`,
    );
  }
  return parts.map((part, index) => {
    if (part === 'x') return part;
    const node = Number(part);
    if (node <= highestVersionNode) return node;
    throw new SemanticVersionError(
      'INVALID_VERSION',
      `The version ${quoted(text)} is not valid: its ${nodeNames[index]} number is above ${highestVersionNode}.`,
    );
  });
}

/**
 * Reads `1.2.3`. Dates such as 2021.01.01 may be versions, so leading zeros are taken; they do not count, 1.01.0 and 1.1.0
 * are the same version.
 */
export function parseSemanticVersion(text: string): SemanticVersion {
  const [major = 0, minor = 0, patch = 0] = readNodes(
    text,
    /^[0-9]+$/,
    'three whole numbers, for example 1.0.0',
  ) as readonly number[];
  return { major, minor, patch };
}

/** Reads `1.2.3`, `1.2.x`, `1.x.x` or `x.x.x`. */
export function parseVersionPattern(text: string): VersionPattern {
  const nodes = readNodes(text, /^(?:[0-9]+|x)$/, 'three of whole numbers and x, for example 1.0.0 or 1.0.x');
  const fixed = nodes.slice(0, nodes.includes('x') ? nodes.indexOf('x') : nodes.length);
  if (nodes.slice(fixed.length).some((node) => node !== 'x')) {
    const right = formatVersionPattern({ fixed: fixed as readonly number[] });
    throw new SemanticVersionError(
      'INVALID_WILDCARD',
      `The version ${quoted(text)} is not valid: all to the right of the first x must be x too, for example ${right}.`,
    );
  }
  return { fixed: fixed as readonly number[] };
}

export function formatSemanticVersion({ major, minor, patch }: SemanticVersion): string {
  return `${major}.${minor}.${patch}`;
}

export function formatVersionPattern({ fixed }: VersionPattern): string {
  return nodeNames.map((_, index) => fixed[index] ?? 'x').join('.');
}

/** The pattern that only this version matches. */
export function exactPattern({ major, minor, patch }: SemanticVersion): VersionPattern {
  return { fixed: [major, minor, patch] };
}

/** The one version that a pattern without `x` names, null for one with. */
export function exactVersion({ fixed }: VersionPattern): SemanticVersion | null {
  const [major, minor, patch] = fixed;
  return major === undefined || minor === undefined || patch === undefined ? null : { major, minor, patch };
}

/** Negative when the left is older, positive when it is newer. */
export function compareSemanticVersions(left: SemanticVersion, right: SemanticVersion): number {
  return left.major - right.major || left.minor - right.minor || left.patch - right.patch;
}

export function matchesVersion({ fixed }: VersionPattern, { major, minor, patch }: SemanticVersion): boolean {
  const nodes = [major, minor, patch];
  return fixed.every((node, index) => node === nodes[index]);
}
