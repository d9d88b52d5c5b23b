import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findVersionScheme, versionSchemes } from './version-schemes.ts';

const folders = readdirSync(new URL('.', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

describe('the map of version schemes', () => {
  it('has exactly one entry per folder', () => {
    expect(Object.keys(versionSchemes).toSorted()).toEqual(folders.toSorted());
  });

  it.each(Object.entries(versionSchemes))('keeps %s under its own id, with links and a README', (id, scheme) => {
    expect(scheme.id).toBe(id);
    expect(findVersionScheme(id)).toBe(scheme);
    expect(scheme.displayName).not.toBe('');
    expect(scheme.specification.length).toBeGreaterThan(0);
    for (const link of scheme.specification) expect(link).toMatch(/^https:\/\//);
    expect(existsSync(new URL(`./${id}/README.md`, import.meta.url))).toBe(true);
  });

  it.each(['', 'toString', 'msi'])('refuses the unknown scheme %j', (id) => {
    expect(() => findVersionScheme(id)).toThrow(expect.objectContaining({ code: 'UNKNOWN_SCHEME' }));
  });
});
