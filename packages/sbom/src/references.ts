/** Answers the references that were wanted, or, where one was given before, the same with `-2`, `-3` and so on. */
export function createReferences(): (wanted: string) => string {
  const given = new Set<string>();
  return (wanted) => {
    let reference = wanted;
    for (let count = 2; given.has(reference); count += 1) reference = `${wanted}-${count}`;
    given.add(reference);
    return reference;
  };
}
