import { randomUUID } from 'node:crypto';
import { BeginPatchOperation, CompletePatchOperation } from '@patchbay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleFacts, securityOffer } from '../../packages/server/src/test-support/sample-facts.ts';
import { enrolNode, type TestNode } from '../../packages/server/src/test-support/test-node.ts';
import { type AwsCli, findAwsClis, openAwsCli, type WayOut, watchWayOut } from './aws-cli.ts';
import { withRealServer } from './real-server.ts';

// Source: aws-docs, https://docs.aws.amazon.com/cli/latest/reference/ssm/ and
// https://docs.aws.amazon.com/systems-manager/latest/userguide/patch-manager-cli-commands.html
describe.each(findAwsClis())('%s', (path) => {
  const server = withRealServer();
  let wayOut: WayOut;
  let aws: AwsCli;
  let node: TestNode;
  let baselineId: string;
  let commandId: string;

  beforeAll(async () => {
    wayOut = await watchWayOut();
    aws = await openAwsCli(path, server(), wayOut);
  });
  afterAll(() => wayOut.close());

  it('knows who it is', async () => {
    expect(await aws.json('aws sts get-caller-identity')).toEqual({
      UserId: 'administrator',
      Account: server().accountId,
      Arn: `arn:aws:iam::${server().accountId}:user/administrator`,
    });
  });

  it('creates an activation with tags, with which a node enrols', async () => {
    const { ActivationId, ActivationCode } = await aws.json(
      "aws ssm create-activation --iam-role node --default-instance-name web-1 --registration-limit 1 --tags Key=PatchGroup,Value=WebServers 'Key=Patch Owner,Value=a b'",
    );
    node = await enrolNode(server(), {
      activation: { activationId: String(ActivationId), activationCode: String(ActivationCode) },
    });
    const { ActivationList } = await aws.json('aws ssm describe-activations');
    expect(ActivationList).toMatchObject([{ ActivationId, RegistrationsCount: 1, RegistrationLimit: 1 }]);
    const tags = await aws.json(
      `aws ssm list-tags-for-resource --resource-type ManagedInstance --resource-id ${node.instanceId}`,
    );
    expect(tags).toEqual({
      TagList: [
        { Key: 'Patch Owner', Value: 'a b' },
        { Key: 'PatchGroup', Value: 'WebServers' },
      ],
    });
  });

  it('describes nodes, with both lists of filters', async () => {
    const described = {
      InstanceInformationList: [{ InstanceId: node.instanceId, Name: 'web-1', PingStatus: 'Online' }],
    };
    expect(await aws.json('aws ssm describe-instance-information')).toMatchObject(described);
    expect(
      await aws.json('aws ssm describe-instance-information --filters Key=tag:PatchGroup,Values=WebServers'),
    ).toMatchObject(described);
    expect(
      await aws.json(
        'aws ssm describe-instance-information --instance-information-filter-list key=PingStatus,valueSet=ConnectionLost',
      ),
    ).toEqual({ InstanceInformationList: [] });
  });

  it('creates a baseline and registers it for a patch group', async () => {
    const created = await aws.json(
      "aws ssm create-patch-baseline --name Web-Debian --operating-system DEBIAN --approval-rules 'PatchRules=[{PatchFilterGroup={PatchFilters=[{Key=PRIORITY,Values=[Required,Important,Standard,Optional,Extra]}]},ApproveAfterDays=7,ComplianceLevel=CRITICAL}]' --rejected-patches linux-image-amd64 --rejected-patches-action BLOCK --description 'Debian web servers'",
    );
    baselineId = String(created.BaselineId);
    expect(baselineId).toMatch(/^pb-[0-9a-f]{17}$/);
    const registration = `--baseline-id ${baselineId} --patch-group WebServers`;
    expect(await aws.json(`aws ssm register-patch-baseline-for-patch-group ${registration}`)).toEqual({
      BaselineId: baselineId,
      PatchGroup: 'WebServers',
    });
    expect(
      await aws.json('aws ssm get-patch-baseline-for-patch-group --patch-group WebServers --operating-system DEBIAN'),
    ).toEqual({ BaselineId: baselineId, PatchGroup: 'WebServers', OperatingSystem: 'DEBIAN' });
    expect(await aws.json(`aws ssm get-patch-baseline --baseline-id ${baselineId}`)).toMatchObject({
      Name: 'Web-Debian',
      PatchGroups: ['WebServers'],
      RejectedPatches: ['linux-image-amd64'],
      ApprovalRules: { PatchRules: [{ ApproveAfterDays: 7, ComplianceLevel: 'CRITICAL', EnableNonSecurity: false }] },
    });
  });

  it('sends a scan to the nodes of a tag and reads its result', async () => {
    const { Command } = await aws.json(
      'aws ssm send-command --document-name AWS-RunPatchBaseline --targets Key=tag:PatchGroup,Values=WebServers --parameters Operation=Scan --comment nightly',
    );
    expect(Command).toMatchObject({ Status: 'Pending', TargetCount: 1, Parameters: { Operation: ['Scan'] } });
    commandId = (Command as { CommandId: string }).CommandId;
    const [message] = await node.getMessages();
    const factsId = await node.submitFacts(sampleFacts({ offers: [securityOffer('openssl', '3.0.2', '3.0.1')] }));
    const begun = await node.patchbay(BeginPatchOperation, {
      factsId,
      operation: 'Scan',
      commandId,
      rebootOption: 'NoReboot',
      snapshotId: '',
    });
    const { operationId } = begun;
    await node.patchbay(CompletePatchOperation, { operationId, factsId, simulation: null, outcomes: [] });
    await node.reply(message?.MessageId ?? '', {
      documentStatus: 'Success',
      runtimeStatus: { PatchLinux: { status: 'Success', code: 0, standardOutput: 'scanned' } },
    });

    expect(await aws.json(`aws ssm list-command-invocations --command-id ${commandId} --details`)).toMatchObject({
      CommandInvocations: [
        {
          CommandId: commandId,
          InstanceId: node.instanceId,
          Comment: 'nightly',
          Status: 'Success',
          CommandPlugins: [{ Name: 'PatchLinux', Status: 'Success', Output: 'scanned' }],
        },
      ],
    });
    const invocation = `--command-id ${commandId} --instance-id ${node.instanceId}`;
    expect((await aws.run(`aws ssm wait command-executed ${invocation}`)).exitCode).toBe(0);
    expect(await aws.json(`aws ssm get-command-invocation ${invocation}`)).toMatchObject({
      Status: 'Success',
      PluginName: 'PatchLinux',
      ResponseCode: 0,
      StandardOutputContent: 'scanned',
    });
    expect(await aws.json('aws ssm list-commands --filters key=Status,value=Success')).toMatchObject({
      Commands: [{ CommandId: commandId, CompletedCount: 1 }],
    });
  });

  it('shows the state of the node, patch by patch', async () => {
    expect(await aws.json(`aws ssm describe-instance-patch-states --instance-ids ${node.instanceId}`)).toMatchObject({
      InstancePatchStates: [
        {
          InstanceId: node.instanceId,
          PatchGroup: 'WebServers',
          BaselineId: baselineId,
          Operation: 'Scan',
          MissingCount: 1,
          CriticalNonCompliantCount: 1,
        },
      ],
    });
    const patches = await aws.json(
      `aws ssm describe-instance-patches --instance-id ${node.instanceId} --filters Key=State,Values=Missing`,
    );
    expect(patches).toMatchObject({
      Patches: [{ KBId: 'openssl.amd64', State: 'MISSING', Title: 'openssl.amd64:3.0.2' }],
    });
  });

  it('prints the errors of AWS', async () => {
    const refusals: [string, string][] = [
      [
        `aws ssm get-command-invocation --command-id ${randomUUID()} --instance-id ${node.instanceId}`,
        'InvocationDoesNotExist',
      ],
      [
        `aws ssm get-command-invocation --command-id ${commandId} --instance-id ${node.instanceId} --plugin-name other`,
        'InvalidPluginName',
      ],
      ['aws ssm get-patch-baseline --baseline-id pb-00000000000000000', 'DoesNotExistException'],
      ['aws ssm send-command --document-name AWS-None --instance-ids mi-00000000000000000', 'InvalidDocument'],
      [
        "aws ssm create-patch-baseline --name bad --operating-system DEBIAN --global-filters 'PatchFilters=[{Key=PRIORITY,Values=[All]}]'",
        'Invalid Filter Value: All for Key: PRIORITY',
      ],
      ['aws ssm list-associations', 'UnknownOperationException'],
      ['aws ssm describe-instance-information --region ap-south-1', 'Credential should be scoped to a valid region'],
      ['AWS_SECRET_ACCESS_KEY=wrong aws ssm describe-activations', 'InvalidSignatureException'],
      ['AWS_SECRET_ACCESS_KEY=wrong aws sts get-caller-identity', 'SignatureDoesNotMatch'],
    ];
    for (const [line, text] of refusals) {
      const { exitCode, stderr } = await aws.run(line);
      expect({ line, stderr, isFailure: exitCode !== 0 }).toEqual({
        line,
        stderr: expect.stringContaining(text),
        isFailure: true,
      });
    }
  });

  it('pages through lists by itself, and stops where it is asked to', async () => {
    const names = (answer: Record<string, unknown>) =>
      (answer.BaselineIdentities as { BaselineName: string }[]).map(({ BaselineName }) => BaselineName);
    const everything = await aws.json('aws ssm describe-patch-baselines');
    expect(names(everything)).toHaveLength(18);
    expect(await aws.json('aws ssm describe-patch-baselines --page-size 4')).toEqual(everything);
    const first = await aws.json('aws ssm describe-patch-baselines --page-size 4 --max-items 5');
    expect(names(first)).toEqual(names(everything).slice(0, 5));
    const rest = await aws.json(`aws ssm describe-patch-baselines --starting-token ${String(first.NextToken)}`);
    expect(names(rest)).toEqual(names(everything).slice(5));
  });

  it('has never tried to reach Amazon, and would have been seen if it had', async () => {
    expect(wayOut.attempts).toEqual([]);
    // What the lines of `env` spare: the same CLI and keys without them.
    await aws.run('unset AWS_ENDPOINT_URL; command aws --cli-connect-timeout 5 ssm describe-activations');
    expect(wayOut.attempts.join('\n')).toContain('ssm.us-east-1.amazonaws.com');
  });
});
