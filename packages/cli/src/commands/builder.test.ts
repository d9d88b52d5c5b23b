import { describe, expect, it } from 'vitest';
import { describeFindings } from './builder.ts';

const root = { what: 'root', isThere: true, detail: 'this is root' };
const buildah = { what: 'buildah', isThere: false, detail: 'apt-get install buildah' };

describe('what a machine lacks to build images', () => {
  it('is said for each thing, with what to do about it', () => {
    expect(describeFindings([root, buildah])).toEqual([
      'ok       root     this is root',
      'MISSING  buildah  apt-get install buildah',
      'This machine cannot build images: 1 of 2 is missing.',
    ]);
  });

  it('is nothing when all is there', () => {
    expect(describeFindings([root]).at(-1)).toBe('This machine can build images.');
  });
});
