import { describe, expect, it } from 'vitest';
import { readAction } from './action-inputs.ts';
import { readNestedComponent } from './nested-component.ts';

function read(inputs: Readonly<Record<string, unknown>>) {
  const ready = readAction('ExecuteDocument', inputs);
  if (!ready.ok || ready.action.name !== 'ExecuteDocument') throw new Error('refused');
  return readNestedComponent(ready.action.inputs);
}

describe('what ExecuteDocument runs', () => {
  it('is a file, with phases and parameters', () => {
    const parameters = [{ name: 'Name', value: 'x' }];
    expect(read({ document: 'other.yaml', phases: 'build, validate', parameters })).toEqual({
      ok: true,
      nested: {
        source: { kind: 'path', path: 'other.yaml' },
        phases: ['build', 'validate'],
        given: new Map([['Name', 'x']]),
      },
    });
  });

  it('is an object of S3 of an owner', () => {
    expect(read({ document: 's3://b/k.yaml', 'document-s3-bucket-owner': '111122223333' })).toMatchObject({
      nested: { source: { kind: 's3', url: 's3://b/k.yaml', expectedBucketOwner: '111122223333' }, phases: undefined },
    });
  });

  it('is a component by its ARN, also with x', () => {
    const document = 'arn:aws:imagebuilder:eu-central-1:aws:component/hello-world-linux/x.x.x';
    expect(read({ document })).toMatchObject({
      nested: { source: { kind: 'component', arn: { name: 'hello-world-linux' } } },
    });
  });

  it.each([
    [
      { document: 'arn:aws:imagebuilder:eu-central-1:aws:image/debian/1.0.0' },
      /it is of type image, expected component/,
    ],
    [{ document: 'arn:aws:imagebuilder:eu-central-1:aws:component/x/1.x.2' }, /must be x too/],
    [{ document: 'a', phases: 'build,,test' }, /phases must be names with commas between them/],
  ])('%j is refused with a reason', (inputs, message) => {
    expect(read(inputs)).toMatchObject({ ok: false, message: expect.stringMatching(message) });
  });
});
