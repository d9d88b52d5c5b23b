import { compileWildcards } from '@patchbay/patching';

/** Which of the approved updates are wanted: `include` minus `exclude`, an empty `include` stands for all. */
export interface PackageSelection {
  /** Names; each `*` stands for any text. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export const everyPackage: PackageSelection = { include: [], exclude: [] };

/** Says why a package is left alone; null where it is wanted. */
export function compileSelection({ include, exclude }: PackageSelection): (name: string) => string | null {
  const isIncluded = include.length === 0 ? () => true : compileWildcards(include);
  const isExcluded = compileWildcards(exclude);
  return (name) => {
    if (isExcluded(name)) return 'It is excluded.';
    return isIncluded(name) ? null : 'It is not among the packages that were asked for.';
  };
}
