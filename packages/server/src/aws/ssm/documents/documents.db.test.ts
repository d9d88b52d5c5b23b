import {
  DescribeDocumentCommand,
  GetDocumentCommand,
  ListDocumentsCommand,
  type ListDocumentsCommandInput,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import { builtInDocuments } from '@patchbay/patching';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readSuccess } from '../../../test-support/send-request.ts';
import { enrolNode } from '../../../test-support/test-node.ts';
import { withTestServer } from '../../../test-support/test-server.ts';

describe('documents', () => {
  const server = withTestServer();

  it.each(['AWS-RunPatchBaseline', 'arn:aws:ssm:us-east-1::document/AWS-RunPatchBaseline'])(
    'are read as %s, to the letter as agents get them',
    async (Name) => {
      const document = await server().ssm.send(new GetDocumentCommand({ Name }));
      expect(document).toMatchObject({
        Name: 'AWS-RunPatchBaseline',
        DocumentVersion: '1',
        Status: 'Active',
        DocumentType: 'Command',
        DocumentFormat: 'JSON',
      });
      expect(JSON.parse(document.Content ?? '')).toEqual(builtInDocuments['AWS-RunPatchBaseline']);
    },
  );

  it('are in the audit trail by their ARN, however they were named', async () => {
    const { accountId, ssm } = server();
    const own = (name: string) => `arn:aws:ssm:us-east-1:${accountId}:document/${name}`;
    const builtIn = 'arn:aws:ssm:us-east-1::document/AWS-RunShellScript';
    for (const Name of [own('Mine'), 'Mine']) {
      await expect(ssm.send(new DescribeDocumentCommand({ Name }))).rejects.toMatchObject({ name: 'InvalidDocument' });
    }
    for (const Name of [builtIn, 'AWS-RunShellScript']) await ssm.send(new DescribeDocumentCommand({ Name }));
    const events = await server().auditEvents('ssm:DescribeDocument');
    expect(events.map(({ resource }) => resource).sort()).toEqual([own('Mine'), own('Mine'), builtIn, builtIn].sort());
  });

  it.each(['$LATEST', '$DEFAULT', '1'])('have the version %s', async (DocumentVersion) => {
    const document = await server().ssm.send(new GetDocumentCommand({ Name: 'AWS-RunShellScript', DocumentVersion }));
    expect(document.DocumentVersion).toBe('1');
  });

  it('that do not exist are an error, and so are their versions', async () => {
    await expect(server().ssm.send(new GetDocumentCommand({ Name: 'constructor' }))).rejects.toMatchObject({
      name: 'InvalidDocument',
    });
    await expect(
      server().ssm.send(new GetDocumentCommand({ Name: 'AWS-RunShellScript', DocumentVersion: '2' })),
    ).rejects.toMatchObject({ name: 'InvalidDocumentVersion' });
  });

  it('are described with their parameters, whose defaults are texts', async () => {
    const { Document } = await server().ssm.send(
      new DescribeDocumentCommand({ Name: 'AWS-RunPatchBaselineWithHooks' }),
    );
    expect(Document).toMatchObject({
      Name: 'AWS-RunPatchBaselineWithHooks',
      Owner: 'Amazon',
      SchemaVersion: '2.2',
      DocumentType: 'Command',
      PlatformTypes: ['Linux'],
      DefaultVersion: '1',
      HashType: 'Sha256',
    });
    expect(Document?.Parameters).toContainEqual({
      Name: 'OnExitHookDocName',
      Type: 'String',
      Description: expect.any(String),
      DefaultValue: 'AWS-Noop',
    });
    expect(Document?.Parameters?.find((each) => each.Name === 'Operation')?.DefaultValue).toBeUndefined();
  });

  it('are read as YAML too', async () => {
    const { Content, DocumentFormat } = await server().ssm.send(
      new GetDocumentCommand({ Name: 'AWS-RunShellScript', DocumentFormat: 'YAML' }),
    );
    expect(DocumentFormat).toBe('YAML');
    expect(parse(Content ?? '')).toEqual(builtInDocuments['AWS-RunShellScript']);
  });

  it('can be pinned by their hash when they are sent', async () => {
    const node = await enrolNode(server());
    const { Document } = await server().ssm.send(new DescribeDocumentCommand({ Name: 'AWS-RunShellScript' }));
    const send = (DocumentHash: string | undefined) =>
      server().ssm.send(
        new SendCommandCommand({
          DocumentName: 'AWS-RunShellScript',
          Parameters: { commands: ['true'] },
          InstanceIds: [node.instanceId],
          DocumentHash,
          DocumentHashType: 'Sha256',
        }),
      );
    await send(Document?.Hash);
    await expect(send('0'.repeat(64))).rejects.toMatchObject({ name: 'InvalidDocument' });
  });

  it('may be read by nodes', async () => {
    const node = await enrolNode(server());
    expect(readSuccess(await node.callSsm('GetDocument', { Name: 'AWS-RunShellScript' }))).toMatchObject({
      Name: 'AWS-RunShellScript',
    });
  });

  async function list(input: ListDocumentsCommandInput) {
    const { DocumentIdentifiers = [] } = await server().ssm.send(new ListDocumentsCommand(input));
    return DocumentIdentifiers.map((document) => document.Name);
  }

  it.each<[string, ListDocumentsCommandInput, string[]]>([
    [
      'no filter',
      {},
      [
        'AWS-Noop',
        'AWS-RunDocument',
        'AWS-RunPatchBaseline',
        'AWS-RunPatchBaselineWithHooks',
        'AWS-RunShellScript',
        'AWS-UpdateSSMAgent',
        'Patchbay-ApplyPlan',
        'Patchbay-PlanPatches',
      ],
    ],
    [
      'the beginning of a name',
      { Filters: [{ Key: 'Name', Values: ['AWS-RunPatchBaselineW', 'AWS-N'] }] },
      ['AWS-Noop', 'AWS-RunPatchBaselineWithHooks'],
    ],
    ['the owner Self', { Filters: [{ Key: 'Owner', Values: ['Self'] }] }, []],
    ['a keyword', { Filters: [{ Key: 'SearchKeyword', Values: ['shell'] }] }, ['AWS-RunShellScript']],
    ['another platform', { Filters: [{ Key: 'PlatformTypes', Values: ['Windows'] }] }, []],
    ['the older list', { DocumentFilterList: [{ key: 'Name', value: 'AWS-RunS' }] }, ['AWS-RunShellScript']],
    [
      'two filters',
      {
        Filters: [
          { Key: 'Name', Values: ['AWS-'] },
          { Key: 'DocumentType', Values: ['Automation'] },
        ],
      },
      [],
    ],
  ])('are listed with %s', async (_title, input, expected) => {
    expect(await list(input)).toEqual(expected);
  });

  it('are listed in pages', async () => {
    const first = await server().ssm.send(new ListDocumentsCommand({ MaxResults: 3 }));
    expect(first.DocumentIdentifiers).toHaveLength(3);
    const second = await server().ssm.send(new ListDocumentsCommand({ MaxResults: 5, NextToken: first.NextToken }));
    expect(second.DocumentIdentifiers?.map((each) => each.Name)).toEqual([
      'AWS-RunPatchBaselineWithHooks',
      'AWS-RunShellScript',
      'AWS-UpdateSSMAgent',
      'Patchbay-ApplyPlan',
      'Patchbay-PlanPatches',
    ]);
    expect(second.NextToken).toBeUndefined();
  });

  it('cannot be filtered by what documents do not have', async () => {
    await expect(list({ Filters: [{ Key: 'Colour', Values: ['red'] }] })).rejects.toMatchObject({
      name: 'InvalidFilterKey',
    });
  });
});
