import { describe, expect, it } from 'vitest';
import { parseImageReference } from './image-reference.ts';

const sha256 = `sha256:${'0a'.repeat(32)}`;

describe('a reference to an image in a registry', () => {
  it.each([
    ['debian', null, 'debian', null, null],
    ['debian:12', null, 'debian', '12', null],
    ['library/debian:12-slim', null, 'library/debian', '12-slim', null],
    ['docker.io/library/debian', 'docker.io', 'library/debian', null, null],
    ['localhost/app:A_b.c-1', 'localhost', 'app', 'A_b.c-1', null],
    ['127.0.0.1:5000/team/app', '127.0.0.1:5000', 'team/app', null, null],
    ['[::1]:5000/app:1', '[::1]:5000', 'app', '1', null],
    [`registry:5000/a/b__c@${sha256}`, 'registry:5000', 'a/b__c', null, sha256],
    [`r.example/app:1@${sha256}`, 'r.example', 'app', '1', sha256],
  ])('is %s', (text, registry, repository, tag, digest) => {
    expect(parseImageReference(text)).toEqual({ registry, repository, tag, digest });
  });

  it.each([
    '',
    'Debian:12',
    'debian:',
    'debian:-1',
    'debian@sha256:00',
    `debian@md5:${'0'.repeat(32)}`,
    'debian 12',
    '/debian',
    'debian/',
    'a//b',
    'r.example/App',
    'r.example:port/app',
    'https://r.example/app',
    'a:b:c',
    `a/${'b'.repeat(255)}`,
    'arn:aws:imagebuilder:us-east-1:aws:image/debian-12-x86/x.x.x',
  ])('is not %j', (text) => {
    expect(parseImageReference(text)).toBeNull();
  });
});
