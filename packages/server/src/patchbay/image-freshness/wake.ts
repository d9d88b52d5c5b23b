import type { Database } from '../../database/tables.ts';
import type { Dependencies } from '../../dependencies.ts';

export const freshnessTopic = 'image-freshness';
/** Whichever image: what it is about is found by looking. */
export const anyImage = '*';

/** Said by whoever changes what images are judged by. Where it is forgotten or lost, the job finds it. */
export async function wakeImageFreshness(db: Database, { wake }: Pick<Dependencies, 'wake'>): Promise<void> {
  await wake.notify(db, freshnessTopic, [anyImage]);
}
