import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  arnForm,
  type ImageBuilderArn,
  ImageBuilderArnError,
  type ImageBuilderResourceType,
  imageBuilderResourceTypes,
  latestVersionReferences,
  nameInArn,
  parseArnOf,
  parseImageBuilderArn,
  writeImageBuilderArn,
} from './image-builder-arn.ts';

const prefix = 'arn:aws:imagebuilder:eu-central-1:111122223333:';

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ImageBuilderArnError) return error.message;
    throw error;
  }
  return 'taken';
}

describe('an ARN of Image Builder', () => {
  it.each([
    [`${prefix}component/hello/1.0.0/1`, 'build'],
    [`${prefix}component/hello/1.x.x`, 'wildcard'],
    [`${prefix}component/hello`, 'name'],
    [`${prefix}image-recipe/web-base/1.0.0`, 'version'],
    [`${prefix}container-recipe/web/x.x.x`, 'wildcard'],
    [`${prefix}image/web/1.0.0/3`, 'build'],
    [`${prefix}workflow/distribution/ship/1.0.0/1`, 'build'],
    [`${prefix}workflow/build/x/1.0.0`, 'version'],
    [`${prefix}infrastructure-configuration/builders`, 'name'],
    [`${prefix}distribution-configuration/all`, 'name'],
    [`${prefix}image-pipeline/weekly`, 'name'],
    [`${prefix}lifecycle-policy/old_ones`, 'name'],
    ['arn:aws:imagebuilder:eu-central-1:aws:image/debian-12-x86/x.x.x', 'wildcard'],
    ['arn:aws:imagebuilder:eu-central-1:aws-marketplace:component/agent/1.0.0/1', 'build'],
  ])('%s is read and written again', (text, form) => {
    const arn = parseImageBuilderArn(text);
    expect(arnForm(arn)).toBe(form);
    expect(writeImageBuilderArn(arn)).toBe(text);
  });

  it.each([
    ['component/Hello/1.0.0', /lower-case letters/],
    ['component/a b/1.0.0', /lower-case letters/],
    ['component//1.0.0', /lower-case letters/],
    ['component/hello/1.0', /the version "1\.0" is not valid/],
    ['component/hello/1.x.8', /all to the right of the first x must be x too/],
    ['component/hello/1.0.x/1', /only after a version without x/],
    ['component/hello/1.0.0/0', /1 or more/],
    ['component/hello/1.0.0/x', /whole number/],
    ['component/hello/1.0.0/1/2', /nothing may follow/],
    ['component/hello/1.0.0/', /whole number/],
    ['image-recipe/web/1.0.0/1', /type image-recipe has no build number/],
    ['image-pipeline/web/1.0.0', /type image-pipeline has no version/],
    ['workflow/other/web/1.0.0', /must begin with one of component\//],
    ['pipeline/web', /must begin with one of/],
    ['component', /must begin with one of/],
  ])('%s is refused with a reason', (resource, reason) => {
    expect(refusal(() => parseImageBuilderArn(prefix + resource))).toMatch(reason);
  });

  it.each([
    ['hello', /it must be arn:aws:imagebuilder/],
    ['arn:aws:ssm:eu-central-1:111122223333:component/a/1.0.0', /the service is "ssm"/],
    ['arn:gcp:imagebuilder:eu-central-1:111122223333:component/a/1.0.0', /no partition/],
    ['arn:aws:imagebuilder::111122223333:component/a/1.0.0', /no Region/],
    ['arn:aws:imagebuilder:eu-central-1:1111:component/a/1.0.0', /12 digits or aws/],
    ['arn:aws:imagebuilder:eu-central-1:111122223333:component:a', /it must be arn/],
  ])('%s is refused with a reason', (text, reason) => {
    expect(refusal(() => parseImageBuilderArn(text))).toMatch(reason);
  });

  it('that must be of a type and a form says what it is instead', () => {
    expect(parseArnOf(`${prefix}component/a/1.0.0/1`, ['component'], ['build']).build).toBe(1);
    expect(refusal(() => parseArnOf(`${prefix}image/a/1.0.0/1`, ['component'], ['build']))).toMatch(
      /it is of type image, expected component\.$/,
    );
    expect(refusal(() => parseArnOf(`${prefix}component/a/1.0.0`, ['component'], ['build']))).toMatch(
      /it has a version \(1\.0\.0\), expected a version and a build number/,
    );
  });

  it('names the newest versions of the same resource', () => {
    expect(latestVersionReferences(parseImageBuilderArn(`${prefix}component/my-component/1.2.3/7`))).toEqual({
      latestVersionArn: `${prefix}component/my-component/x.x.x`,
      latestMajorVersionArn: `${prefix}component/my-component/1.x.x`,
      latestMinorVersionArn: `${prefix}component/my-component/1.2.x`,
      latestPatchVersionArn: `${prefix}component/my-component/1.2.3`,
    });
    expect(latestVersionReferences(parseImageBuilderArn(`${prefix}image-pipeline/a`))).toBeNull();
  });

  it('writes a name in lower case and spaces as -', () => {
    expect(nameInArn('My Golden Image_1')).toBe('my-golden-image_1');
    for (const name of ['ab', ' abc', 'abc ', 'a/b', 'a'.repeat(129), 'äbc', 'abc\n']) {
      expect(refusal(() => nameInArn(name))).toMatch(/3 to 128 of letters/);
    }
  });

  it('is read as it was written, whatever it is of', () => {
    const node = fc.nat(2 ** 30 - 1);
    const arbitrary = fc
      .record({
        type: fc.constantFrom(...(Object.keys(imageBuilderResourceTypes) as ImageBuilderResourceType[])),
        name: fc.stringMatching(/^[-_A-Za-z0-9][-_A-Za-z0-9 ]{1,20}[-_A-Za-z0-9]$/),
        fixed: fc.array(node, { maxLength: 3 }),
        build: fc.option(fc.integer({ min: 1, max: 1e9 })),
      })
      .map(({ type, name, fixed, build }): ImageBuilderArn => {
        const versioning = imageBuilderResourceTypes[type];
        return {
          partition: 'aws',
          region: 'eu-central-1',
          owner: 'aws',
          type,
          name: nameInArn(name),
          version: versioning === 'none' ? null : { fixed },
          build: versioning === 'builds' && fixed.length === 3 ? build : null,
        };
      });
    fc.assert(
      fc.property(arbitrary, (arn) => {
        expect(parseImageBuilderArn(writeImageBuilderArn(arn))).toEqual(arn);
      }),
    );
  });
});
