import { describe, expect, it } from 'vitest';
import { formatReference, isLoopbackRegistry, parseReference } from './image-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('a reference of an image', () => {
  it.each([
    ['registry.example.com/team/app', 'registry.example.com', 'team/app', null, null],
    ['localhost/app:1', 'localhost', 'app', '1', null],
    ['127.0.0.1:5000/app:v1.2_3', '127.0.0.1:5000', 'app', 'v1.2_3', null],
    ['[::1]:5000/app', '[::1]:5000', 'app', null, null],
    [`docker.io/debian:12@${digest}`, 'docker.io', 'library/debian', '12', digest],
    [`docker://registry.example.com/a/b@${digest}`, 'registry.example.com', 'a/b', null, digest],
  ])('%s', (text, registry, repository, tag, wanted) => {
    expect(parseReference(text)).toEqual({ registry, repository, tag, digest: wanted });
  });

  it.each([
    ['debian:12', 'name the registry too, as in docker.io/library/debian:12'],
    ['team/app', 'name the registry too'],
    ['', 'name the registry too'],
    ['example.com/App', '"App" is no name'],
    ['example.com/', '"" is no name'],
    ['example.com/a//b', 'is no name'],
    ['example.com/app:', '"" is no tag'],
    ['example.com/app:-x', '"-x" is no tag'],
    ['example.com/app@sha256:12', 'its digest is not'],
    ['example.com:99999/app', 'is no host[:port]'],
    ['-x.example/app', 'is no host[:port]'],
    ['example.com/../app', 'is no name'],
  ])('refuses %j', (text, problem) => {
    expect(() => parseReference(text)).toThrow(problem);
  });

  it('is written with its tag, its digest or latest', () => {
    const base = { registry: 'example.com', repository: 'app', tag: null, digest: null };
    expect(formatReference(base)).toBe('example.com/app:latest');
    expect(formatReference({ ...base, tag: '1', digest })).toBe(`example.com/app:1@${digest}`);
    expect(formatReference({ ...base, digest })).toBe(`example.com/app@${digest}`);
  });

  it.each([
    ['127.0.0.1:5000', true],
    ['127.1.2.3', true],
    ['localhost:80', true],
    ['[::1]:5000', true],
    ['127.0.0.1.example.com', false],
    ['localhost.example.com', false],
    ['10.0.0.1:5000', false],
  ])('%s is on this machine: %s', (registry, isHere) => {
    expect(isLoopbackRegistry(registry)).toBe(isHere);
  });
});
