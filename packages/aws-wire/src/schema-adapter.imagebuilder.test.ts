import * as clientImageBuilder from '@aws-sdk/client-imagebuilder';
import { describe, expect, it } from 'vitest';
import { imageBuilderConstraints } from './constraints/imagebuilder.ts';
import { compileJavaPattern } from './constraints/java-pattern.ts';
import { adaptService } from './schema-adapter.ts';

const model = adaptService(clientImageBuilder, imageBuilderConstraints);

describe('the schemas that @aws-sdk/client-imagebuilder publishes', () => {
  it('hold the operations that botocore knows, and the errors that we know of', () => {
    expect([...model.operations.keys()].sort()).toEqual(Object.keys(imageBuilderConstraints.operations).sort());
    expect(model.operations.size).toBe(77);
    expect(model.errors.size).toBe(21);
  });

  it('say how each operation is called, where its input is, and with which status an error comes', () => {
    for (const { http } of model.operations.values()) {
      expect(http).toMatchObject({ path: expect.stringMatching(/^\//), statusCode: 200 });
    }
    const untag = model.operations.get('UntagResource');
    expect(untag?.http).toEqual({ method: 'DELETE', path: '/tags/{resourceArn}', statusCode: 200 });
    expect(untag?.input.members.map(({ httpLocation }) => httpLocation)).toEqual([
      { in: 'path' },
      { in: 'query', name: 'tagKeys' },
    ]);
    const withoutStatus = [...model.errors.values()].filter(({ statusCode }) => statusCode === undefined);
    // The client's own base class.
    expect(withoutStatus.map(({ name }) => name)).toEqual(['ImagebuilderServiceException']);
  });

  it('tell dates that are texts from dates that are epoch seconds', () => {
    const kinds = new Map(
      model.operations.get('StartResourceStateUpdate')?.input.members.map(({ name, shape }) => [name, shape]),
    );
    expect(kinds.get('updateAt')).toMatchObject({ kind: 'timestamp', format: 'epoch-seconds' });
    const component = model.operations.get('GetComponent')?.output.members.find(({ name }) => name === 'component');
    const members = component?.shape.kind === 'structure' ? component.shape.members : [];
    expect(members.find(({ name }) => name === 'dateCreated')?.shape.kind).toBe('string');
  });

  it('have only patterns that JavaScript can match', () => {
    const patterns = Object.values(imageBuilderConstraints.shapes).flatMap(({ pattern }) => pattern ?? []);
    expect(patterns.length).toBeGreaterThan(20);
    for (const pattern of patterns) expect(() => compileJavaPattern(pattern)).not.toThrow();
  });
});
