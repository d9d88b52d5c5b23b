import { describe, expect, it } from 'vitest';
import { type ActionName, actionNames, readAction } from './action-inputs.ts';
import { problemsOf, withSteps } from './component.test-support.ts';

/** The least inputs of every action, and what they come to. */
const least: Readonly<Record<ActionName, readonly [written: unknown, ready: unknown]>> = {
  ExecuteBash: [{ commands: ['true'] }, { commands: ['true'] }],
  ExecuteBinary: [{ path: '/bin/true' }, { path: '/bin/true', arguments: [] }],
  ExecuteDocument: [{ document: 'a.yaml' }, { document: 'a.yaml', parameters: [] }],
  Assert: [{ stringIsEmpty: '' }, { stringIsEmpty: '' }],
  Reboot: [undefined, { delaySeconds: 0 }],
  UpdateOS: [undefined, { include: [], exclude: [] }],
  S3Download: [
    [{ source: 's3://b/*', destination: '/d' }],
    [{ source: 's3://b/*', destination: '/d', overwrite: true }],
  ],
  S3Upload: [[{ source: '/d', destination: 's3://b/k' }], [{ source: '/d', destination: 's3://b/k', recurse: false }]],
  WebDownload: [
    [{ source: 'https://a/b', destination: '/b' }],
    [{ source: 'https://a/b', destination: '/b', overwrite: true, ignoreCertificateErrors: false }],
  ],
  CreateFile: [[{ path: '/a' }], [{ path: '/a', content: '', encoding: 'utf8', overwrite: true }]],
  AppendFile: [[{ path: '/a' }], [{ path: '/a', content: '', encoding: 'utf8' }]],
  CopyFile: [[{ source: '/a', destination: '/b' }], [{ source: '/a', destination: '/b', overwrite: true }]],
  CopyFolder: [[{ source: '/a', destination: '/b' }], [{ source: '/a', destination: '/b', overwrite: true }]],
  MoveFile: [[{ source: '/a', destination: '/b' }], [{ source: '/a', destination: '/b', overwrite: true }]],
  MoveFolder: [[{ source: '/a', destination: '/b' }], [{ source: '/a', destination: '/b', overwrite: true }]],
  CreateFolder: [[{ path: '/a' }], [{ path: '/a', overwrite: true }]],
  CreateSymlink: [[{ path: '/a', target: '/b' }], [{ path: '/a', target: '/b', force: false }]],
  DeleteFile: [[{ path: '/a' }], [{ path: '/a' }]],
  DeleteFolder: [[{ path: '/a' }], [{ path: '/a', force: false }]],
  ListFiles: [[{ path: '/a' }], [{ path: '/a', recursive: false }]],
  ReadFile: [[{ path: '/a' }], [{ path: '/a', encoding: 'utf8', printFileContent: false }]],
  SetFileEncoding: [[{ path: '/a' }], [{ path: '/a', encoding: 'utf8' }]],
  SetFileOwner: [[{ path: '/a', owner: 'root' }], [{ path: '/a', owner: 'root' }]],
  SetFolderOwner: [[{ path: '/a', owner: 'root' }], [{ path: '/a', owner: 'root', recursive: true }]],
  SetFilePermissions: [[{ path: '/a', permissions: '0644' }], [{ path: '/a', permissions: '0644' }]],
  SetFolderPermissions: [[{ path: '/a', permissions: '0755' }], [{ path: '/a', permissions: '0755', recursive: true }]],
};

describe('the inputs of an action', () => {
  it.each(actionNames.map((name) => [name]))('%s get their defaults', (name) => {
    const [written, ready] = least[name];
    expect(readAction(name, written)).toEqual({ ok: true, action: { name, inputs: ready } });
    const step = JSON.stringify({ name: 'one', action: name, ...(written === undefined ? {} : { inputs: written }) });
    expect(problemsOf(withSteps(`- ${step}`))).toEqual([]);
  });

  it.each(actionNames.filter((name) => name !== 'Reboot' && name !== 'UpdateOS').map((name) => [name]))(
    '%s cannot be left out',
    (name) => {
      expect(problemsOf(withSteps(`- {name: one, action: ${name}}`))).not.toEqual([]);
    },
  );

  it.each(actionNames.map((name) => [name]))('%s take no member that the action does not have', (name) => {
    const [written] = least[name];
    const inputs = Array.isArray(written)
      ? [{ ...(written[0] as object), odd: 'x' }]
      : { ...(written as object), odd: 'x' };
    const step = JSON.stringify({ name: 'one', action: name, inputs });
    expect(problemsOf(withSteps(`- ${step}`)).join()).toMatch(
      /\.odd \(line 5, column \d+\): unknown (?:input|member) odd/,
    );
  });

  it('that must have a form are checked once references have their values', () => {
    const written = [{ path: '/a', permissions: '{{ Mode }}', overwrite: '{{ Overwrite }}' }];
    const head = 'parameters: [{Mode: {type: string}}, {Overwrite: {type: string}}]\n';
    expect(
      problemsOf(withSteps(`- ${JSON.stringify({ name: 'one', action: 'CreateFile', inputs: written })}`, head)),
    ).toEqual([]);
    const ready = readAction('CreateFile', [{ path: '/a', permissions: 'rwx', overwrite: 'False' }]);
    expect(ready).toMatchObject({ ok: false, problems: [{ path: [0, 'permissions'] }] });
    const good = readAction('CreateFile', [{ path: '/a', permissions: '644', overwrite: 'False' }]);
    expect(good).toMatchObject({ ok: true, action: { inputs: [{ permissions: '644', overwrite: false }] } });
  });

  it.each([
    ['UTF-32', 'utf32'],
    ['utf-16-le', 'utf16-LE'],
    ['utf16-BE', 'utf16-BE'],
    ['Utf8', 'utf8'],
  ])('name the encoding %s in any case and with -', (written, encoding) => {
    expect(readAction('ReadFile', [{ path: '/a', encoding: written }])).toMatchObject({
      action: { inputs: [{ encoding }] },
    });
  });

  it('name no encoding that the guide does not', () => {
    expect(readAction('ReadFile', [{ path: '/a', encoding: 'latin1' }]).ok).toBe(false);
  });

  it('that are a text with braces afterwards are taken as they are', () => {
    expect(readAction('ExecuteBash', { commands: ['echo {{ x }}'] }).ok).toBe(true);
    expect(readAction('CreateFile', [{ path: '/a', overwrite: '{{ x }}' }]).ok).toBe(false);
  });
});
