import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allowedImports, isConfigurationCurrent } from './boundaries.ts';

const packagesUrl = new URL('../packages/', import.meta.url);

describe('the import table', () => {
  it('has a line for every package', () => {
    expect(Object.keys(allowedImports).sort()).toEqual(readdirSync(packagesUrl).sort());
  });

  it('is what the linter enforces (run node tools/boundaries.ts after changing it)', () => {
    expect(isConfigurationCurrent()).toBe(true);
  });

  it.each(Object.keys(allowedImports))('covers what %s declares as its dependencies', (name) => {
    const manifest = JSON.parse(readFileSync(new URL(`${name}/package.json`, packagesUrl), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    const declared = Object.keys(manifest.dependencies ?? {})
      .filter((dependency) => dependency.startsWith('@patchbay/'))
      .map((dependency) => dependency.slice('@patchbay/'.length));
    const allowed = new Set((allowedImports[name] ?? []).map((entry) => entry.split('/')[0]));
    expect(declared.filter((dependency) => !allowed.has(dependency))).toEqual([]);
  });
});
