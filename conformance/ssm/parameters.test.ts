import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readError } from '../../packages/server/src/test-support/send-request.ts';
import { enrolNode } from '../../packages/server/src/test-support/test-node.ts';
import { type AwsCli, findAwsClis, openAwsCli, type WayOut, watchWayOut } from './aws-cli.ts';
import { withRealServer } from './real-server.ts';

// Source: aws-docs, https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-walk-hierarchies.html
// and https://docs.aws.amazon.com/cli/latest/reference/ssm/put-parameter.html
describe.each(findAwsClis())('Parameter Store with %s', (path) => {
  const server = withRealServer();
  let wayOut: WayOut;
  let aws: AwsCli;

  beforeAll(async () => {
    wayOut = await watchWayOut();
    aws = await openAwsCli(path, server(), wayOut);
  });
  afterAll(() => wayOut.close());

  const names = (answer: Record<string, unknown>) => (answer.Parameters as { Name: string }[]).map(({ Name }) => Name);

  it('keeps a hierarchy with an allowed pattern', async () => {
    const limit = 'aws ssm put-parameter --name /MyService/Test/MaxConnections';
    expect(await aws.json(`${limit} --value 100 --allowed-pattern '\\d{1,4}' --type String`)).toEqual({
      Version: 1,
      Tier: 'Standard',
    });
    const refused = await aws.run(`${limit} --value 10,000 --type String --overwrite`);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toMatch(
      /\(ParameterPatternMismatchException\) .*Parameter value, cannot be validated against allowedPattern: \\d\{1,4\}/,
    );
    await aws.json(
      "aws ssm put-parameter --name /MyService/Test/my-password --value 'p#sW*rd33' --allowed-pattern '.{8,20}' --type SecureString --tags Key=Owner,Value=web",
    );
    await aws.json('aws ssm put-parameter --name /MyService/Test/user --value SA --type String');
    await aws.json('aws ssm put-parameter --name /MyService/zone --value a,b --type StringList');
    expect(names(await aws.json('aws ssm get-parameters-by-path --path /MyService/Test'))).toEqual([
      '/MyService/Test/MaxConnections',
      '/MyService/Test/my-password',
      '/MyService/Test/user',
    ]);
    const recursive = 'aws ssm get-parameters-by-path --path /MyService --recursive --page-size 2';
    expect(names(await aws.json(recursive))).toHaveLength(4);
    expect(
      names(
        await aws.json(
          "aws ssm describe-parameters --parameter-filters 'Key=Path,Option=Recursive,Values=/MyService' Key=Type,Values=SecureString Key=tag:Owner,Values=web",
        ),
      ),
    ).toEqual(['/MyService/Test/my-password']);
  });

  it('shows a secret to who asks for it decrypted', async () => {
    const get = 'aws ssm get-parameter --name /MyService/Test/my-password';
    expect(await aws.json(`${get} --with-decryption`)).toMatchObject({
      Parameter: { Value: 'p#sW*rd33', Type: 'SecureString', Version: 1 },
    });
    const { stdout } = await aws.run(get);
    expect(stdout).not.toContain('p#sW');
  });

  it('labels versions and finds them by label', async () => {
    await aws.json('aws ssm put-parameter --name /MyService/Test/user --value SB --overwrite');
    const labelling = '--name /MyService/Test/user --parameter-version 1 --labels before 1st';
    expect(await aws.json(`aws ssm label-parameter-version ${labelling}`)).toEqual({
      InvalidLabels: ['1st'],
      ParameterVersion: 1,
    });
    expect(await aws.json('aws ssm get-parameters --names /MyService/Test/user:before /MyService/none')).toMatchObject({
      Parameters: [{ Value: 'SA', Version: 1, Selector: ':before' }],
      InvalidParameters: ['/MyService/none'],
    });
    expect(await aws.json('aws ssm get-parameter-history --name /MyService/Test/user')).toMatchObject({
      Parameters: [
        { Version: 1, Labels: ['before'] },
        { Version: 2, Labels: [] },
      ],
    });
    expect(
      await aws.json(
        'aws ssm unlabel-parameter-version --name /MyService/Test/user --parameter-version 1 --labels before',
      ),
    ).toMatchObject({ RemovedLabels: ['before'] });
  });

  it('writes a parameter into a command, and no secret', async () => {
    const node = await enrolNode(server());
    const send = `aws ssm send-command --document-name AWS-RunShellScript --instance-ids ${node.instanceId} --parameters`;
    await aws.json(`${send} 'commands=["echo {{ssm:/MyService/Test/user}}"]'`);
    const [message] = await node.getMessages();
    expect(JSON.parse(message?.Payload ?? '')).toMatchObject({ Parameters: { commands: ['echo SB'] } });
    const refused = await aws.run(`${send} 'commands=["echo {{ssm:/MyService/Test/my-password}}"]'`);
    expect(refused.stderr).toContain('(InvalidParameters)');
    // A node has no business with parameters of its own accord.
    const answer = await node.callSsm('GetParameter', { Name: '/MyService/Test/user' });
    expect(readError(answer).code).toBe('AccessDeniedException');
  });

  it('deletes', async () => {
    await aws.run('aws ssm delete-parameter --name /MyService/Test/MaxConnections');
    expect(
      await aws.json('aws ssm delete-parameters --names /MyService/Test/user /MyService/Test/my-password /MyService/x'),
    ).toEqual({
      DeletedParameters: ['/MyService/Test/my-password', '/MyService/Test/user'],
      InvalidParameters: ['/MyService/x'],
    });
    const gone = await aws.run('aws ssm get-parameter --name /MyService/Test/user');
    expect(gone.stderr).toContain('ParameterNotFound');
    expect(wayOut.attempts).toEqual([]);
  });
});
