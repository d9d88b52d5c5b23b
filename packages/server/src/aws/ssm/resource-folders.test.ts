import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ssm } from './index.ts';

const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

describe('a resource folder', () => {
  it.each(folders)('%s has its operations, and all of them are served', async (folder) => {
    const module = (await import(`./${folder}/operations.ts`)) as Record<string, object>;
    const names = Object.values(module).flatMap((operations) => Object.keys(operations));
    expect(names).not.toEqual([]);
    for (const name of names) expect(ssm.operations.get(name)?.support).toBe('supported');
  });

  it.each(folders)('%s that stores something has its tables and its SQL apart from its decisions', (folder) => {
    const files = readdirSync(`${import.meta.dirname}/${folder}`);
    if (!files.includes('tables.ts')) return;
    expect(files).toEqual(expect.arrayContaining(['operations.ts', 'service.ts', 'repository.ts', 'errors.ts']));
  });
});
