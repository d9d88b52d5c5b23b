import { randomUUID } from 'node:crypto';
import { BeginPatchOperation, CompletePatchOperation } from '@patchbay/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleFacts, securityOffer } from '../../packages/server/src/test-support/sample-facts.ts';
import { enrolNode, type TestNode } from '../../packages/server/src/test-support/test-node.ts';
import { type AwsCli, findAwsClis, openAwsCli, type WayOut, watchWayOut } from './aws-cli.ts';
import { withRealServer } from './real-server.ts';

// Source: aws-docs, https://docs.aws.amazon.com/systems-manager/latest/userguide/patch-manager-cli-commands.html
describe.each(findAwsClis())('%s manages patches', (path) => {
  const server = withRealServer();
  let wayOut: WayOut;
  let aws: AwsCli;
  let node: TestNode;
  let baselineId: string;

  beforeAll(async () => {
    wayOut = await watchWayOut();
    aws = await openAwsCli(path, server(), wayOut);
    node = await enrolNode(server(), { tags: { 'Patch Group': 'Web Servers' } });
    const factsId = await node.submitFacts(sampleFacts({ offers: [securityOffer('openssl', '3.0.2', '3.0.1')] }));
    const begin = { factsId, operation: 'Scan', commandId: null, rebootOption: 'NoReboot', snapshotId: '' } as const;
    const { operationId } = await node.patchbay(BeginPatchOperation, begin);
    await node.patchbay(CompletePatchOperation, { operationId, factsId, simulation: null, outcomes: [] });
  });
  afterAll(() => wayOut.close());

  it('updates a baseline, with --replace and without', async () => {
    const created = await aws.json(
      'aws ssm create-patch-baseline --name Web --operating-system DEBIAN --approved-patches bash openssl --rejected-patches vim --tags Key=Team,Value=web',
    );
    baselineId = String(created.BaselineId);
    expect(
      await aws.json(`aws ssm update-patch-baseline --baseline-id ${baselineId} --approved-patches zlib1g`),
    ).toMatchObject({ BaselineId: baselineId, Name: 'Web', ApprovedPatches: ['zlib1g'], RejectedPatches: ['vim'] });
    const replaced = await aws.json(
      `aws ssm update-patch-baseline --baseline-id ${baselineId} --name Web-2 --rejected-patches nano --rejected-patches-action BLOCK --replace`,
    );
    expect(replaced).toMatchObject({ Name: 'Web-2', ApprovedPatches: [], RejectedPatches: ['nano'] });
    expect(replaced).not.toHaveProperty('PatchGroups');
  });

  it('registers a default and gives it back by ARN', async () => {
    const arn = String((await aws.json('aws ssm get-default-patch-baseline --operating-system DEBIAN')).BaselineId);
    expect(arn).toMatch(/^arn:aws:ssm:/);
    for (const id of [baselineId, arn]) {
      expect(await aws.json(`aws ssm register-default-patch-baseline --baseline-id ${id}`)).toEqual({ BaselineId: id });
      expect(await aws.json('aws ssm get-default-patch-baseline --operating-system DEBIAN')).toEqual({
        BaselineId: id,
        OperatingSystem: 'DEBIAN',
      });
    }
  });

  it('registers, lists and deregisters patch groups', async () => {
    const registration = `--baseline-id ${baselineId} --patch-group 'Web Servers'`;
    await aws.json(`aws ssm register-patch-baseline-for-patch-group ${registration}`);
    expect(
      await aws.json(
        'aws ssm describe-patch-groups --filters Key=NAME_PREFIX,Values=Web Key=OPERATING_SYSTEM,Values=DEBIAN',
      ),
    ).toEqual({
      Mappings: [
        {
          PatchGroup: 'Web Servers',
          BaselineIdentity: {
            BaselineId: baselineId,
            BaselineName: 'Web-2',
            OperatingSystem: 'DEBIAN',
            DefaultBaseline: false,
          },
        },
      ],
    });
    await aws.json(`aws ssm deregister-patch-baseline-for-patch-group ${registration}`);
    expect(await aws.json('aws ssm describe-patch-groups')).toEqual({ Mappings: [] });
  });

  it('shows the state of a patch group', async () => {
    expect(await aws.json("aws ssm describe-patch-group-state --patch-group 'Web Servers'")).toMatchObject({
      Instances: 1,
      InstancesWithMissingPatches: 1,
      InstancesWithFailedPatches: 0,
    });
    const list = "aws ssm describe-instance-patch-states-for-patch-group --patch-group 'Web Servers'";
    expect(await aws.json(`${list} --filters Key=MissingCount,Values=0,Type=GreaterThan`)).toMatchObject({
      InstancePatchStates: [{ InstanceId: node.instanceId, PatchGroup: 'Web Servers', MissingCount: 1 }],
    });
    expect(await aws.json(`${list} --filters Key=MissingCount,Values=1,Type=NotEqual`)).toEqual({
      InstancePatchStates: [],
    });
  });

  it('lists the properties of patches, page by page', async () => {
    const whole = await aws.json('aws ssm describe-patch-properties --operating-system UBUNTU --property PRODUCT');
    expect(whole.Properties).toContainEqual({ Name: 'Ubuntu22.04' });
    expect(
      await aws.json('aws ssm describe-patch-properties --operating-system UBUNTU --property PRODUCT --page-size 5'),
    ).toEqual(whole);
  });

  it('gets a snapshot whose address leads to a document', async () => {
    const SnapshotId = randomUUID();
    const snapshot = await aws.json(
      `aws ssm get-deployable-patch-snapshot-for-instance --instance-id ${node.instanceId} --snapshot-id ${SnapshotId}`,
    );
    expect(snapshot).toMatchObject({ InstanceId: node.instanceId, SnapshotId, Product: 'Debian12' });
    const answer = await fetch(String(snapshot.SnapshotDownloadUrl));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      SnapshotId,
      PatchGroup: 'Web Servers',
      Baseline: { Name: 'AWS-DebianDefaultPatchBaseline' },
    });
  });

  it('lists compliance, item by item, node by node and in sum', async () => {
    expect(
      await aws.json(
        `aws ssm list-compliance-items --resource-ids ${node.instanceId} --resource-types ManagedInstance --filters Key=Status,Values=NON_COMPLIANT,Type=EQUAL`,
      ),
    ).toMatchObject({
      ComplianceItems: [{ ComplianceType: 'Patch', Id: 'openssl.amd64', Details: { PatchState: 'MISSING' } }],
    });
    expect(await aws.json('aws ssm list-resource-compliance-summaries')).toMatchObject({
      ResourceComplianceSummaryItems: [{ ResourceId: node.instanceId, Status: 'NON_COMPLIANT' }],
    });
    expect(
      await aws.json('aws ssm list-compliance-summaries --filters Key=ComplianceType,Values=Patch,Type=EQUAL'),
    ).toMatchObject({
      ComplianceSummaryItems: [{ ComplianceType: 'Patch', NonCompliantSummary: { NonCompliantCount: 1 } }],
    });
  });

  it('prints the errors of AWS', async () => {
    const refusals: [string, string][] = [
      ['aws ssm update-patch-baseline --baseline-id pb-00000000000000000 --name abc', 'DoesNotExistException'],
      [`aws ssm update-patch-baseline --baseline-id ${baselineId} --replace --description x`, 'Name is required'],
      ['aws ssm register-default-patch-baseline --baseline-id something-of-twenty-letters', 'InvalidResourceId'],
      [
        "aws ssm describe-instance-patch-states-for-patch-group --patch-group 'Web Servers' --filters Key=Colour,Values=1,Type=Equal",
        'InvalidFilter',
      ],
      ['aws ssm describe-patch-properties --operating-system DEBIAN --property SEVERITY', 'Invalid Property: SEVERITY'],
      ['aws ssm list-compliance-items --resource-ids mi-00000000000000000', 'InvalidResourceId'],
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
});
