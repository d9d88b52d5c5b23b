import { contentDigest } from '@patchbay/facts/digest';
import { describe, expect, it } from 'vitest';
import { nameInArn } from '../arns/image-builder-arn.ts';
import { componentType, findContainerProblem } from '../components/component-document.ts';
import { readComponentDocument } from '../components/read-component.ts';
import { formatSemanticVersion } from '../versions/semantic-version.ts';
import { managedComponents } from './managed-components.ts';

describe.each(managedComponents)('the managed component $name', ({ name, description, data }) => {
  const reading = readComponentDocument(data);

  it('is a document without mistakes that says of itself what lists say of it', () => {
    if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
    expect(reading.document).toMatchObject({ name, description });
    expect(nameInArn(name)).toBe(name);
  });

  it('can be part of a container', () => {
    if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
    expect(findContainerProblem(reading.document)).toBeNull();
  });
});

describe('the managed components', () => {
  it('never change once they were released: another text is another version', () => {
    const digests = managedComponents.map(({ name, version, build, data }) => [
      `${name}/${formatSemanticVersion(version)}/${build}`,
      contentDigest(data),
    ]);
    expect(digests).toEqual([
      ['update-linux/1.0.0/1', 'sha256:36f056c6e1b125a2df5e4f3b099e967c8c9b138a12e18c92ec971daef5a8c504'],
      ['hello-world-linux/1.0.0/1', 'sha256:ac00915b430ceb1ca9be92ab54fca079cf98477bc7e1c49d544ea87afc13cb64'],
      ['simple-boot-test-linux/1.0.0/1', 'sha256:61b7932844b35b0a6434490ffb2202bfdafd7d289b0614d300fcb876ab6e59bc'],
    ]);
  });

  it('are those that change an image, and one that only tests it', () => {
    const types = managedComponents.map(({ name, data }) => {
      const reading = readComponentDocument(data);
      return [name, reading.ok && componentType(reading.document)];
    });
    expect(types).toEqual([
      ['update-linux', 'BUILD'],
      ['hello-world-linux', 'BUILD'],
      ['simple-boot-test-linux', 'TEST'],
    ]);
  });
});
