import { describe, expect, it } from 'vitest';
import { nameInArn } from '../arns/image-builder-arn.ts';
import { componentType, findContainerProblem } from '../components/component-document.ts';
import { readComponentDocument } from '../components/read-component.ts';
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
