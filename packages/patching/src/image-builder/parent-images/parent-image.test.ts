import { describe, expect, it } from 'vitest';
import { ImageBuilderArnError } from '../arns/image-builder-arn.ts';
import { managedImages, ParentImageError, readParentImage } from './parent-image.ts';

const arn = (owner: string, rest: string) => `arn:aws:imagebuilder:us-east-1:${owner}:${rest}`;

describe('the parent image of a recipe', () => {
  it.each(managedImages)('can be the managed image $name', (image) => {
    for (const version of ['x.x.x', '12.x.x', '12.1.0', '12.1.0/3']) {
      expect(readParentImage(arn('aws', `image/${image.name}/${version}`))).toMatchObject({ kind: 'managed', image });
    }
  });

  it('can be an own image, of a version or a build', () => {
    for (const version of ['1.x.x', '1.0.0', '1.0.0/3']) {
      expect(readParentImage(arn('123456789012', `image/golden/${version}`))).toMatchObject({
        kind: 'own',
        arn: { owner: '123456789012', name: 'golden' },
      });
    }
  });

  it('can be an image in a registry', () => {
    expect(readParentImage('registry:5000/app:1')).toEqual({
      kind: 'reference',
      reference: { registry: 'registry:5000', repository: 'app', tag: '1', digest: null },
    });
  });

  it.each([
    ['builder://root.tar', 'root.tar', null],
    ['builder://base/Layout_1.0+b2', 'base/Layout_1.0+b2', null],
    ['builder://base/layout:12-slim', 'base/layout', '12-slim'],
  ])('can be an image on builders, such as %s', (text, path, imageName) => {
    expect(readParentImage(text)).toEqual({ kind: 'builder', path, imageName });
  });

  it.each(['', '/etc', '../etc', 'base/../etc', 'base//root.tar', 'base/', '.hidden', 'root.tar:', 'a:b:c', 'a\nb'])(
    'cannot be %j on builders',
    (path) => {
      expect(() => readParentImage(`builder://${path}`)).toThrow('the path of an image on builders');
    },
  );

  it.each([
    [arn('aws', 'image/amazon-linux-2-x86/x.x.x'), 'known are debian-12-x86, debian-13-x86'],
    [arn('aws-marketplace', 'image/debian-12-x86/x.x.x'), 'known are'],
    ['ami-0123456789abcdef0', 'it is an AMI'],
    ['ssm:/base/image', 'parameters are not looked up'],
    ['Not an image', 'it must be the ARN of an image, an image in a registry'],
  ])('cannot be %s', (text, message) => {
    expect(() => readParentImage(text)).toThrow(ParentImageError);
    expect(() => readParentImage(text)).toThrow(message);
  });

  it.each([
    arn('aws', 'image/debian-12-x86'),
    arn('aws', 'component/debian-12-x86/x.x.x'),
    arn('123456789012', 'image/golden/x.1.x'),
  ])('cannot be %s, which is no ARN of an image', (text) => {
    expect(() => readParentImage(text)).toThrow(ImageBuilderArnError);
  });
});
