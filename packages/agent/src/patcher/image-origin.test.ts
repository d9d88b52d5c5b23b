import { NodeOverlay } from '@patchbay/facts';
import { describe, expect, it } from 'vitest';
import { imageOriginPath, readImageOrigin } from './image-origin.ts';

const origin = {
  recipeArn: 'arn:aws:imagebuilder:us-east-1:111122223333:container-recipe/web/1.0.0',
  originId: `sha256:${'0a'.repeat(32)}`,
};

async function read(text: string | null) {
  return await readImageOrigin({
    readFile: (path) => Promise.resolve(path === imageOriginPath && text !== null ? Buffer.from(text) : null),
  });
}

describe('the image that a machine was made from', () => {
  it('is what its builder wrote into it', async () => {
    expect(await read(`${JSON.stringify(origin)}\n`)).toEqual(origin);
    expect(await read(JSON.stringify({ ...origin, later: 'members' }))).toEqual(origin);
  });

  it.each<[string, string | null]>([
    ['without the file', null],
    ['with an empty file', ''],
    ['with text of others', 'golden image 7'],
    ['with an id that is none', JSON.stringify({ ...origin, originId: 'mi-1' })],
    ['with a file that is too long', JSON.stringify(origin).padEnd(5000)],
  ])('is none %s', async (_, text) => {
    expect(await read(text)).toBeNull();
  });

  it('is none where the file cannot be read', async () => {
    expect(await readImageOrigin({ readFile: () => Promise.reject(new Error('EIO')) })).toBeNull();
  });

  it('is an optional part of the overlay: facts of older agents are as good', () => {
    const overlay = {
      agentClock: '',
      bootId: '',
      machineIdHash: '',
      runningKernel: '',
      rebootReasons: [],
      pendingReboot: [],
      failures: [],
      unconfigured: [],
      phased: [],
    };
    expect(NodeOverlay.parse(overlay)).toEqual(overlay);
    expect(NodeOverlay.parse({ ...overlay, image: origin })).toEqual({ ...overlay, image: origin });
  });
});
