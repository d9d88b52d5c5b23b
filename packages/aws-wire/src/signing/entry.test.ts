import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

describe('the entry point ./signing', () => {
  it('loads nothing beyond Node and this folder, because the agent carries it', () => {
    const sources = readdirSync(import.meta.dirname).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'signing-fixtures.ts',
    );
    const imports = sources.flatMap((name) =>
      [
        ...readFileSync(`${import.meta.dirname}/${name}`, 'utf8').matchAll(
          /^(?:import|export|\}) ?.*? from '([^']+)';$/gm,
        ),
      ].map(([, from = '']) => from),
    );
    expect(imports.length).toBeGreaterThan(10);
    expect(imports.filter((from) => !/^(?:node:|\.\/[a-z-]+\.ts$|\.\.\/coded-error\.ts$)/.test(from))).toEqual([]);
  });
});
