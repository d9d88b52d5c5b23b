import {
  AddTagsToResourceCommand,
  CreateDocumentCommand,
  type CreateDocumentCommandInput,
  DeleteDocumentCommand,
  DescribeDocumentCommand,
  DescribeDocumentPermissionCommand,
  GetDocumentCommand,
  ListDocumentsCommand,
  ListDocumentVersionsCommand,
  ListTagsForResourceCommand,
  ModifyDocumentPermissionCommand,
  UpdateDocumentCommand,
  UpdateDocumentDefaultVersionCommand,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { defaultQuotas } from '../../../quotas.ts';
import { OTHER_REGION, withTestServer } from '../../../test-support/test-server.ts';

const yaml = (line = 'echo "{{ greeting }}"') => `# Greets.
schemaVersion: "2.2"
description: Greets
parameters:
  greeting: { type: String, default: hello, allowedPattern: "^[a-z ]+$" }
mainSteps:
  - action: aws:runShellScript
    name: greet
    inputs:
      runCommand:
        - ${JSON.stringify(line)}
`;

describe('documents of one’s own', () => {
  const server = withTestServer({ quotas: { ...defaultQuotas, documents: 12, 'versions-per-document': 3 } });
  const create = async (Name: string, more: Partial<CreateDocumentCommandInput> = {}) =>
    (await server().ssm.send(new CreateDocumentCommand({ Name, Content: yaml(), DocumentFormat: 'YAML', ...more })))
      .DocumentDescription;
  const update = async (Name: string, Content: string, more: object = {}) =>
    (
      await server().ssm.send(
        new UpdateDocumentCommand({ Name, Content, DocumentFormat: 'YAML', DocumentVersion: '$LATEST', ...more }),
      )
    ).DocumentDescription;
  const get = (Name: string, more: object = {}) => server().ssm.send(new GetDocumentCommand({ Name, ...more }));
  const remove = (Name: string, more: object = {}) => server().ssm.send(new DeleteDocumentCommand({ Name, ...more }));

  it('are created, described and read back to the letter', async () => {
    const Tags = [{ Key: 'team', Value: 'web' }];
    const created = await create('Greet', { Tags, VersionName: 'first', DisplayName: 'Greeting', TargetType: '/AWS' });
    expect(created).toMatchObject({
      Name: 'Greet',
      DisplayName: 'Greeting',
      VersionName: 'first',
      Owner: server().accountId,
      CreatedDate: server().now(),
      Status: 'Active',
      DocumentVersion: '1',
      DefaultVersion: '1',
      LatestVersion: '1',
      Description: 'Greets',
      Parameters: [{ Name: 'greeting', Type: 'String', DefaultValue: 'hello' }],
      PlatformTypes: ['Linux', 'MacOS'],
      DocumentType: 'Command',
      DocumentFormat: 'YAML',
      SchemaVersion: '2.2',
      TargetType: '/AWS',
      HashType: 'Sha256',
      Tags,
    });
    expect(created?.StatusInformation).toBeUndefined();
    expect((await server().ssm.send(new DescribeDocumentCommand({ Name: 'Greet' }))).Document).toEqual(created);
    expect(await get('Greet', { DocumentFormat: 'YAML' })).toMatchObject({ Content: yaml(), DocumentFormat: 'YAML' });
    const { Content = '', DocumentFormat } = await get(`arn:aws:ssm:us-east-1:${server().accountId}:document/Greet`);
    expect([DocumentFormat, JSON.parse(Content)]).toEqual(['JSON', parse(yaml())]);
    await expect(create('Greet')).rejects.toMatchObject({ name: 'DocumentAlreadyExists' });
    const elsewhere = server().createClient(server().administrator, OTHER_REGION);
    await expect(elsewhere.send(new GetDocumentCommand({ Name: 'Greet' }))).rejects.toMatchObject({
      name: 'InvalidDocument',
    });
    await remove('Greet');
    await expect(get('Greet')).rejects.toMatchObject({ name: 'InvalidDocument' });
    await expect(remove('Greet')).rejects.toMatchObject({ name: 'InvalidDocument' });
  });

  it('have versions, of which one is the default', async () => {
    await create('Versioned', { VersionName: 'one' });
    expect(await update('Versioned', yaml('echo two'), { VersionName: 'two' })).toMatchObject({
      DocumentVersion: '2',
      LatestVersion: '2',
      DefaultVersion: '1',
    });
    expect((await get('Versioned')).DocumentVersion).toBe('1');
    expect((await get('Versioned', { DocumentVersion: '$LATEST' })).DocumentVersion).toBe('2');
    expect((await get('Versioned', { VersionName: 'two' })).DocumentVersion).toBe('2');
    await expect(get('Versioned', { VersionName: 'two', DocumentVersion: '1' })).rejects.toMatchObject({
      name: 'InvalidDocumentVersion',
    });
    await expect(update('Versioned', yaml('echo three'), { DocumentVersion: '1' })).rejects.toMatchObject({
      name: 'InvalidDocumentVersion',
    });
    await expect(update('Versioned', yaml('echo three'), { DocumentVersion: undefined })).rejects.toMatchObject({
      name: 'InvalidDocumentVersion',
    });
    await expect(update('Versioned', yaml('echo two'))).rejects.toMatchObject({ name: 'DuplicateDocumentContent' });
    await expect(update('Versioned', yaml('echo three'), { VersionName: 'one' })).rejects.toMatchObject({
      name: 'DuplicateDocumentVersionName',
    });
    const { Description } = await server().ssm.send(
      new UpdateDocumentDefaultVersionCommand({ Name: 'Versioned', DocumentVersion: '2' }),
    );
    expect(Description).toEqual({ Name: 'Versioned', DefaultVersion: '2', DefaultVersionName: 'two' });
    await update('Versioned', yaml());
    await expect(update('Versioned', yaml('echo four'))).rejects.toMatchObject({
      name: 'DocumentVersionLimitExceeded',
    });
    const first = await server().ssm.send(new ListDocumentVersionsCommand({ Name: 'Versioned', MaxResults: 2 }));
    const second = await server().ssm.send(
      new ListDocumentVersionsCommand({ Name: 'Versioned', MaxResults: 2, NextToken: first.NextToken }),
    );
    expect(
      [...(first.DocumentVersions ?? []), ...(second.DocumentVersions ?? [])].map((each) => [
        each.DocumentVersion,
        each.IsDefaultVersion,
      ]),
    ).toEqual([
      ['3', false],
      ['2', true],
      ['1', false],
    ]);
    await expect(remove('Versioned', { DocumentVersion: '2' })).rejects.toMatchObject({
      name: 'InvalidDocumentOperation',
    });
    await remove('Versioned', { DocumentVersion: '3' });
    expect((await update('Versioned', yaml('echo four')))?.DocumentVersion).toBe('4');
    await remove('Versioned');
  });

  it.each<[string, Partial<CreateDocumentCommandInput>, string, RegExp]>([
    ['Broken', { Content: '{"schemaVersion": "2.2",\n "mainSteps": [}' }, 'InvalidDocumentContent', /line 2/],
    [
      'Wrong',
      { Content: yaml().replace('name: greet', 'title: greet') },
      'InvalidDocumentContent',
      /mainSteps\[0\]\.name \(line 7, column 5\)/,
    ],
    ['Old', { Content: 'schemaVersion: "0.3"' }, 'InvalidDocumentSchemaVersion', /line 1, column 16.*"2\.2".*"0\.3"/],
    ['Large', { Content: yaml(`# ${'x'.repeat(65_536)}`) }, 'MaxDocumentSizeExceeded', /64 KB/],
    ['AWS-Mine', {}, 'ValidationException', /reserved/],
    ['amazonMine', {}, 'ValidationException', /reserved/],
    ['patchbay-mine', {}, 'ValidationException', /reserved/],
    ['Runbook', { DocumentType: 'Automation' }, 'ValidationException', /Automation/],
    ['Text', { DocumentFormat: 'TEXT' }, 'ValidationException', /JSON or YAML/],
    ['Needy', { Requires: [{ Name: 'Other' }] }, 'ValidationException', /Requires/],
    ['Package', { Attachments: [{ Key: 'SourceUrl', Values: ['s3://x'] }] }, 'ValidationException', /Attachments/],
  ])('are refused when they are wrong: %s %j', async (Name, more, name, message) => {
    const content = more.Content?.startsWith('{') === true ? { DocumentFormat: 'JSON' as const } : {};
    await expect(create(Name, { ...more, ...content })).rejects.toMatchObject({
      name,
      message: expect.stringMatching(message),
    });
    await expect(get(Name)).rejects.toMatchObject({ name: 'InvalidDocument' });
  });

  it('say where a parameter reaches a script unchecked', async () => {
    const created = await create('Unguarded', { Content: yaml().replace(', allowedPattern: "^[a-z ]+$"', '') });
    expect(created?.StatusInformation).toMatch(/greet writes the parameter greeting/);
    await remove('Unguarded');
  });

  it('of schema 1.2 are taken and shown as they were written', async () => {
    const Content = JSON.stringify({
      schemaVersion: '1.2',
      parameters: { commands: { type: 'StringList' } },
      runtimeConfig: {
        'aws:runShellScript': { properties: [{ id: '0.aws:runShellScript', runCommand: '{{ commands }}' }] },
      },
    });
    expect(await create('Older', { Content, DocumentFormat: 'JSON' })).toMatchObject({ SchemaVersion: '1.2' });
    expect((await get('Older')).Content).toBe(Content);
    await remove('Older');
  });

  it('are listed among the others, and filtered by owner and tag', async () => {
    await create('Listed', { Tags: [{ Key: 'team', Value: 'web' }] });
    const names = async (Key: string, Values: string[]) => {
      const { DocumentIdentifiers = [] } = await server().ssm.send(
        new ListDocumentsCommand({ Filters: [{ Key, Values }] }),
      );
      return DocumentIdentifiers.map((each) => each.Name);
    };
    expect(await names('Owner', ['Self'])).toEqual(['Listed']);
    expect(await names('Owner', ['Amazon'])).not.toContain('Listed');
    expect(await names('tag:team', ['web', 'db'])).toEqual(['Listed']);
    expect(await names('tag:team', ['db'])).toEqual([]);
    await server().ssm.send(
      new AddTagsToResourceCommand({
        ResourceType: 'Document',
        ResourceId: 'Listed',
        Tags: [{ Key: 'team', Value: 'db' }],
      }),
    );
    expect(await names('tag:team', ['db'])).toEqual(['Listed']);
    const { TagList } = await server().ssm.send(
      new ListTagsForResourceCommand({ ResourceType: 'Document', ResourceId: 'Listed' }),
    );
    expect(TagList).toEqual([{ Key: 'team', Value: 'db' }]);
    await remove('Listed');
  });

  it('are shared with nobody, since there is one account', async () => {
    await create('Private');
    const share = { Name: 'Private', PermissionType: 'Share' as const };
    expect(await server().ssm.send(new DescribeDocumentPermissionCommand(share))).toMatchObject({ AccountIds: [] });
    await expect(
      server().ssm.send(new ModifyDocumentPermissionCommand({ ...share, AccountIdsToAdd: ['123456789012'] })),
    ).rejects.toMatchObject({ name: 'ValidationException', message: expect.stringMatching(/one account/) });
    await server().ssm.send(new ModifyDocumentPermissionCommand({ ...share, AccountIdsToRemove: ['123456789012'] }));
    await remove('Private');
  });

  it('are not made of those that are built in', async () => {
    const name = 'InvalidDocumentOperation';
    await expect(remove('AWS-RunShellScript')).rejects.toMatchObject({ name });
    await expect(update('AWS-RunShellScript', yaml())).rejects.toMatchObject({ name });
  });

  it('are at most as many as the quota says, also when they are created at once', async () => {
    const results = await Promise.allSettled(Array.from({ length: 15 }, (_, index) => create(`Many-${index}`)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(12);
    const refused = results.find((each) => each.status === 'rejected');
    expect(refused?.reason).toMatchObject({ name: 'DocumentLimitExceeded' });
  });
});
