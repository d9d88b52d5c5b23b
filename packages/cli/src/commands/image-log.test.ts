import { describe, expect, it } from 'vitest';
import { describeBuildLine, describeBuildRecord } from './image-log.ts';

const at = '2026-11-22T14:00:00.000Z';
const digest = `sha256:${'a'.repeat(64)}`;

describe('a line of a build', () => {
  const line = {
    number: 0,
    at,
    step: 'ApplyBuildComponents' as const,
    stream: 'stdout' as const,
    text: 'Setting up curl',
  };

  it('says which step of which component printed it', () => {
    expect(describeBuildLine({ ...line, component: 'web 1.0.0/1', phase: 'build', componentStep: 'Install' })).toBe(
      `${at}  web 1.0.0/1 / build / Install  Setting up curl`,
    );
  });

  it('says the step of the build where the builder itself speaks', () => {
    expect(describeBuildLine({ ...line, component: '', phase: '', componentStep: '' })).toBe(
      `${at}  ApplyBuildComponents  Setting up curl`,
    );
  });
});

describe('the record of a build', () => {
  const build = {
    imageBuildVersionArn: 'arn:aws:imagebuilder:us-east-1:111122223333:image/web/1.0.0/1',
    imageId: 'img-1',
    status: 'AVAILABLE',
    builder: 'mi-1',
    attempts: 2,
    patchGroup: 'golden',
    record: {
      digest,
      parent: { reference: 'debian-12-x86', digest, version: '12.15.20260711' },
      archives: [{ uri: 'http://deb.example/debian', suite: 'bookworm', releaseDigest: digest, date: at }],
      tools: [{ name: 'buildah', version: '1.28.2' }],
      originId: null,
      timestamp: at,
      layers: [],
    },
    failure: null,
    components: [{ arn: '', name: 'update-linux', version: '1.0.0/1' }],
    containerRecipeArn: 'arn:aws:imagebuilder:us-east-1:111122223333:container-recipe/web/1.0.0',
    steps: [
      {
        name: 'ObtainParentImage' as const,
        status: 'COMPLETED' as const,
        message: '',
        startedAt: at,
        endedAt: '2026-11-22T14:00:12.500Z',
      },
    ],
    createdAt: at,
    startedAt: at,
    endedAt: at,
  };

  it('names what it was made of, by whom and how long each step took', () => {
    expect(describeBuildRecord(build)).toEqual([
      `${build.imageBuildVersionArn}  AVAILABLE`,
      `recipe      ${build.containerRecipeArn}`,
      'component   update-linux 1.0.0/1',
      'builder     mi-1 (attempt 2)',
      `digest      ${digest}`,
      `parent      debian-12-x86 ${digest}`,
      `archive     http://deb.example/debian bookworm of ${at}`,
      'tools       buildah 1.28.2',
      'COMPLETED   ObtainParentImage 12.5 s',
    ]);
  });

  it('ends with what a step that failed printed', () => {
    const failure = {
      step: 'ApplyTestComponents' as const,
      component: 'web',
      phase: 'test',
      componentStep: 'Ask',
      message: 'ended with exit code 3',
      output: 'port is closed\n',
    };
    const lines = describeBuildRecord({ ...build, status: 'FAILED', record: null, failure, steps: [] });
    expect(lines.slice(-2)).toEqual(['The end of what it printed:', 'port is closed']);
  });
});
