import { expect, it } from 'vitest';
import { staleReadmes } from './coverage.ts';

it('every table of operations says what the registry says (run node tools/coverage.ts)', () => {
  expect(staleReadmes()).toEqual([]);
});
