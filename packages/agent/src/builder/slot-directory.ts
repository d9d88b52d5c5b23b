import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

/** Where the builds of a slot, one after the other, keep what they need outside of their images. */
export interface SlotDirectory {
  /** Bound into the image's root (/run/patchbay and /tmp there): empty for each root. */
  readonly machine: string;
  /** Package lists and downloads, kept between the builds of one recipe. */
  readonly patcher: string;
}

/** So many recipes' package lists are kept. */
const mostKept = 8;

/**
 * Lists are kept by recipe and never for all: the apt that fetches and checks them is the image's own, and what a malicious
 * one has written must not be believed of the image of another recipe.
 */
export function openSlotDirectory(directory: string, containerRecipeArn: string): SlotDirectory {
  const recipes = join(directory, 'patcher');
  const patcher = join(recipes, createHash('sha256').update(containerRecipeArn).digest('hex').slice(0, 24));
  mkdirSync(patcher, { recursive: true, mode: 0o700 });
  const now = new Date();
  utimesSync(patcher, now, now);
  const known = readdirSync(recipes).map((name) => ({
    path: join(recipes, name),
    usedAt: usedAt(join(recipes, name)),
  }));
  for (const { path } of known.toSorted((left, right) => right.usedAt - left.usedAt).slice(mostKept)) {
    rmSync(path, { recursive: true, force: true });
  }
  return { machine: join(directory, 'machine'), patcher };
}

function usedAt(path: string): number {
  return statSync(path).mtimeMs;
}
