import { existsSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makePrivateDirectory } from '../test-support/private-directory.ts';
import { openSlotDirectory } from './slot-directory.ts';

const recipe = (name: string) => `arn:aws:imagebuilder:us-east-1:111122223333:container-recipe/${name}/1.0.0`;

describe('the directory of a slot', () => {
  it('keeps package lists between the builds of a recipe, and from those of every other', () => {
    const slot = makePrivateDirectory();
    const first = openSlotDirectory(slot, recipe('first')).patcher;
    writeFileSync(join(first, 'lists'), 'of the first');
    const second = openSlotDirectory(slot, recipe('second')).patcher;
    expect(existsSync(join(second, 'lists'))).toBe(false);
    expect(openSlotDirectory(slot, recipe('first')).patcher).toBe(first);
    expect(existsSync(join(first, 'lists'))).toBe(true);
  });

  it('keeps those of the recipes that were built last', () => {
    const slot = makePrivateDirectory();
    const made = Array.from({ length: 9 }, (_, index) => {
      const { patcher } = openSlotDirectory(slot, recipe(`app-${index}`));
      utimesSync(patcher, new Date(index * 1_000), new Date(index * 1_000));
      return patcher;
    });
    openSlotDirectory(slot, recipe('app-0'));
    expect(made.map((path) => existsSync(path))).toEqual([true, false, ...Array.from({ length: 7 }, () => true)]);
  });
});
