import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ImageSource } from '../images/index.ts';
import { makePrivateDirectory } from '../test-support/private-directory.ts';
import { obtainParent, type ParentParts } from './parent-image.ts';

describe('the parent image of an order', () => {
  it.each(['etc', './etc', '/etc', 'oci:etc', 'oci-archive:etc', 'docker-archive:etc'])(
    'is never a file of the builder: %s',
    async (reference) => {
      const before = process.cwd();
      onTestFinished(() => process.chdir(before));
      const directory = makePrivateDirectory();
      mkdirSync(join(directory, 'etc'));
      process.chdir(directory);
      const pulled: ImageSource[] = [];
      const store = {
        pull: async (source: ImageSource) => {
          pulled.push(source);
          throw new Error('pulled');
        },
      } as unknown as ParentParts['store'];
      const parts = { store } as ParentParts;
      await expect(obtainParent({ kind: 'reference', reference }, parts)).rejects.toThrow(/pulled|reference/i);
      expect(pulled.filter(({ kind }) => kind !== 'registry')).toEqual([]);
    },
  );
});
