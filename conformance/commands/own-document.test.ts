import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CreateActivationCommand } from '@aws-sdk/client-ssm';
import { runAgent } from '@patchbay/agent';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AwsCli, findAwsClis, openAwsCli, type WayOut, watchWayOut } from '../ssm/aws-cli.ts';
import { withRealServer } from '../ssm/real-server.ts';
import { createTestRoot, prepareBaseRoot, type TestRoot } from '../support/test-root.ts';

const report = (line: string) => `# What a node says of itself.
schemaVersion: "2.2"
description: Reports on a node
parameters:
  subject:
    type: String
    default: world
    allowedPattern: "^[a-z]+$"
mainSteps:
  - action: aws:runShellScript
    name: notHere
    precondition:
      StringEquals: [platformType, Windows]
    inputs:
      runCommand: ["exit 1"]
  - action: aws:runShellScript
    name: report
    precondition:
      StringEquals: [platformType, Linux]
    inputs:
      timeoutSeconds: 60
      onFailure: exit
      runCommand:
        - |
          ${line}
          exit 169
  - action: aws:runShellScript
    name: never
    inputs:
      runCommand: [touch /srv/never]
  - action: aws:runShellScript
    name: always
    inputs:
      finallyStep: true
      runCommand: [". /etc/os-release; echo $ID; cat /etc/hostname"]
`;

describe.each(findAwsClis())('a document of one’s own with %s', (path) => {
  const server = withRealServer();
  const stopping = new AbortController();
  let folder: string;
  let root: TestRoot;
  let wayOut: WayOut;
  let aws: AwsCli;
  let agent: Promise<void>;
  let instanceId: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchbay-documents-'));
    root = await createTestRoot({
      base: await prepareBaseRoot(),
      directory: join(folder, 'root'),
      archives: [],
      keyring: new Uint8Array(),
    });
    wayOut = await watchWayOut();
    aws = await openAwsCli(path, server(), wayOut);
    const stateDirectory = join(folder, 'state');
    mkdirSync(stateDirectory, { mode: 0o700 });
    writeFileSync(
      join(stateDirectory, 'policy.json'),
      '{"mode":"documents","documents":["Report","AWS-RunDocument"]}',
      {
        mode: 0o644,
      },
    );
    const { ActivationId = '', ActivationCode = '' } = await server().ssm.send(
      new CreateActivationCommand({ IamRole: 'node' }),
    );
    const lines: string[] = [];
    agent = runAgent({
      stateDirectory,
      rootDirectory: root.directory,
      endpoint: server().url,
      region: server().access.region,
      activation: { id: ActivationId, code: ActivationCode },
      patcherProgram: ['/nonexistent'],
      log: ({ message }) => lines.push(message),
      signal: stopping.signal,
      timers: {
        now: () => new Date(),
        random: Math.random,
        sleep: async (milliseconds, signal) => {
          await wait(Math.min(milliseconds, 200), undefined, { signal }).catch(() => {});
        },
      },
    });
    agent.catch((error: unknown) => lines.push(String(error)));
    instanceId = await vi.waitUntil(
      () => lines.map((line) => /Online as (mi-\w+)/.exec(line)?.[1]).find(Boolean) ?? '',
      { timeout: 30_000 },
    );
  });
  afterAll(async () => {
    stopping.abort();
    await agent;
    await wayOut.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function send(document: string, more = ''): Promise<string> {
    const { Command } = await aws.json(
      `aws ssm send-command --document-name ${document} --instance-ids ${instanceId} ${more}`,
    );
    return (Command as { CommandId: string }).CommandId;
  }
  async function read(commandId: string, step: string): Promise<Record<string, unknown>> {
    const line = `aws ssm get-command-invocation --command-id ${commandId} --instance-id ${instanceId} --plugin-name ${step}`;
    await expect
      .poll(async () => (await aws.json(line))['StatusDetails'], { timeout: 30_000, interval: 300 })
      .not.toMatch(/Pending|InProgress|Delayed/);
    return await aws.json(line);
  }

  it('is created from a file, runs on a node, and its output is read back', async () => {
    const file = join(folder, 'report.yaml');
    writeFileSync(file, report('echo "hello {{ subject }}"'));
    const { DocumentDescription } = await aws.json(
      `aws ssm create-document --name Report --document-type Command --document-format YAML --content file://${file} --tags Key=team,Value=web`,
    );
    expect(DocumentDescription).toMatchObject({
      Name: 'Report',
      Owner: server().accountId,
      DefaultVersion: '1',
      Parameters: [{ Name: 'subject', Type: 'String', DefaultValue: 'world' }],
    });
    const text = await aws.run(
      'aws ssm get-document --name Report --document-format YAML --query Content --output text',
    );
    expect(text.stdout.trimEnd()).toBe((await readFile(file, 'utf8')).trimEnd());
    const commandId = await send('Report', '--parameters subject=fleet');
    expect(await read(commandId, 'report')).toMatchObject({
      Status: 'Failed',
      ResponseCode: 169,
      StandardOutputContent: 'hello fleet\n',
    });
    expect(await read(commandId, 'notHere')).toMatchObject({
      Status: 'Success',
      StandardOutputContent: expect.stringMatching(/precondition platformType = Windows is not met/),
    });
    expect(await read(commandId, 'always')).toMatchObject({
      Status: 'Success',
      StandardOutputContent: 'debian\ntest-root\n',
    });
    expect((await root.run(['test', '-e', '/srv/never'])).exitCode).not.toBe(0);
  });

  it('is updated to a version that runs where it is named, or is the default', async () => {
    const file = join(folder, 'second.yaml');
    writeFileSync(file, report('echo "goodbye {{ subject }}"'));
    const { DocumentDescription } = await aws.json(
      `aws ssm update-document --name Report --document-format YAML --content file://${file} --document-version '$LATEST'`,
    );
    expect(DocumentDescription).toMatchObject({ DocumentVersion: '2', DefaultVersion: '1' });
    const output = async (more: string) => (await read(await send('Report', more), 'report'))['StandardOutputContent'];
    expect(await output('')).toBe('hello world\n');
    expect(await output("--document-version '$LATEST'")).toBe('goodbye world\n');
    await aws.json('aws ssm update-document-default-version --name Report --document-version 2');
    expect(await output('')).toBe('goodbye world\n');
    const { DocumentVersions } = await aws.json('aws ssm list-document-versions --name Report');
    expect(DocumentVersions).toMatchObject([
      { DocumentVersion: '2', IsDefaultVersion: true },
      { DocumentVersion: '1', IsDefaultVersion: false },
    ]);
    const { DocumentIdentifiers } = await aws.json('aws ssm list-documents --filters Key=Owner,Values=Self');
    expect(DocumentIdentifiers).toMatchObject([{ Name: 'Report', DocumentVersion: '2' }]);
  });

  it('is fetched and run by another document', async () => {
    const parameters = JSON.stringify({
      sourceType: ['SSMDocument'],
      sourceInfo: ['{"name":"Report:1"}'],
      documentParameters: ['{"subject":"nested"}'],
    });
    const commandId = await send('AWS-RunDocument', `--parameters '${parameters}'`);
    const ran = await read(commandId, 'runDocument');
    expect(ran).toMatchObject({ Status: 'Failed', StandardOutputContent: expect.stringContaining('hello nested\n') });
    expect(wayOut.attempts).toEqual([]);
  });

  it('is a hook of patching, also where patching fails', async () => {
    const commandId = await send(
      'AWS-RunPatchBaselineWithHooks',
      '--parameters Operation=Install,PreInstallHookDocName=Report,OnExitHookDocName=Report:1',
    );
    // There is no patcher on this node.
    expect(await read(commandId, 'InitialScan')).toMatchObject({ Status: 'Failed' });
    expect(await read(commandId, 'PreInstallHook')).toMatchObject({
      StandardOutputContent: expect.stringMatching(/Not run/),
    });
    expect(await read(commandId, 'OnExitHook')).toMatchObject({
      Status: 'Failed',
      StandardOutputContent: expect.stringContaining('hello world\n'),
    });
  });

  it('that the owner of the node did not allow is not run', async () => {
    const content = report('echo no').replaceAll(/^/gm, '');
    writeFileSync(join(folder, 'other.yaml'), content);
    await aws.json(
      `aws ssm create-document --name Other --document-format YAML --content file://${join(folder, 'other.yaml')}`,
    );
    expect(await read(await send('Other'), 'notHere')).toMatchObject({
      Status: 'Failed',
      StandardErrorContent: expect.stringMatching(/does not run Other: its policy file .* allows patching, Report/),
    });
  });

  it('with a mistake is refused with its place', async () => {
    const file = join(folder, 'mistake.yaml');
    writeFileSync(file, report('true').replace('timeoutSeconds: 60', 'onSuccess: stop'));
    const { exitCode, stderr } = await aws.run(
      `aws ssm create-document --name Mistake --document-format YAML --content file://${file}`,
    );
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/InvalidDocumentContent.*mainSteps\[1\]\.inputs\.onSuccess \(line 21, column 18\)/s);
  });

  it('is deleted', async () => {
    for (const name of ['Report', 'Other']) await aws.json(`aws ssm delete-document --name ${name}`);
    const { stderr } = await aws.run('aws ssm describe-document --name Report');
    expect(stderr).toMatch(/InvalidDocument/);
  });
});
