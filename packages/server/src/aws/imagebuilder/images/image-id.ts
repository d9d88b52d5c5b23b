/** What facts, verdicts and plans know an image by, as they know a node by its `mi-…`. */
export function imageIdOf(randomId: string): string {
  return `img-${randomId}`;
}

export function isImageId(subject: string): boolean {
  return subject.startsWith('img-');
}
