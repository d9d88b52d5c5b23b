import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AwsCli, findAwsClis, openAwsCli, type WayOut, watchWayOut } from '../ssm/aws-cli.ts';
import { withRealServer } from '../ssm/real-server.ts';

// Source: aws-docs, https://docs.aws.amazon.com/cli/latest/reference/imagebuilder/
describe.each(findAwsClis())('%s', (path) => {
  const server = withRealServer();
  let wayOut: WayOut;
  let aws: AwsCli;
  let arn: string;

  beforeAll(async () => {
    wayOut = await watchWayOut();
    aws = await openAwsCli(path, server(), wayOut);
    arn = `arn:aws:imagebuilder:us-east-1:${server().accountId}:infrastructure-configuration/my-configuration`;
  });
  afterAll(async () => {
    expect(wayOut.attempts).toEqual([]);
    await wayOut.close();
  });

  it('keeps an infrastructure configuration', async () => {
    const created = await aws.json(
      `aws imagebuilder create-infrastructure-configuration --name 'My configuration' --instance-profile-name builders \
        --instance-types builder --resource-tags '{"Cost Center": "7"}' --tags stage=test --no-terminate-instance-on-failure`,
    );
    expect(created).toMatchObject({ infrastructureConfigurationArn: arn, clientToken: expect.any(String) });
    const read = await aws.json(
      `aws imagebuilder get-infrastructure-configuration --infrastructure-configuration-arn ${arn}`,
    );
    expect(read).toMatchObject({
      infrastructureConfiguration: {
        arn,
        name: 'My configuration',
        instanceTypes: ['builder'],
        instanceProfileName: 'builders',
        terminateInstanceOnFailure: false,
        resourceTags: { 'Cost Center': '7' },
        tags: { stage: 'test' },
        dateCreated: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/),
      },
    });
    await aws.json(
      `aws imagebuilder update-infrastructure-configuration --infrastructure-configuration-arn ${arn} \
        --instance-profile-name others --description 'Changed'`,
    );
    const listed = await aws.json(
      `aws imagebuilder list-infrastructure-configurations --filters 'name=name,values=My configuration' --max-results 1`,
    );
    expect(listed).toMatchObject({
      infrastructureConfigurationSummaryList: [{ arn, description: 'Changed', instanceProfileName: 'others' }],
    });
  });

  it('tags it', async () => {
    await aws.json(`aws imagebuilder tag-resource --resource-arn ${arn} --tags '{"a key/1": "ü"}'`);
    const { tags } = await aws.json(`aws imagebuilder list-tags-for-resource --resource-arn ${arn}`);
    expect(tags).toEqual({ stage: 'test', 'a key/1': 'ü' });
    await aws.json(`aws imagebuilder untag-resource --resource-arn ${arn} --tag-keys 'a key/1' stage`);
    expect(await aws.json(`aws imagebuilder list-tags-for-resource --resource-arn ${arn}`)).toEqual({ tags: {} });
  });

  it('is told what is wrong', async () => {
    const again = await aws.run(
      "aws imagebuilder create-infrastructure-configuration --name 'my configuration' --instance-profile-name builders",
    );
    expect(again.exitCode).not.toBe(0);
    expect(again.stderr).toContain('(ResourceAlreadyExistsException)');
    expect(again.stderr).toContain(`The resource ${arn} already exists.`);
    const unknown = await aws.run(
      `aws imagebuilder get-infrastructure-configuration --infrastructure-configuration-arn ${arn}-2`,
    );
    expect(unknown.stderr).toContain('(ResourceNotFoundException)');
    const unsupported = await aws.run(
      'aws imagebuilder import-vm-image --name old-machine --semantic-version 1.0.0 --platform Linux --vm-import-task-id import-ami-1',
    );
    expect(unsupported.stderr).toContain('(UnknownOperationException)');
    expect(unsupported.stderr).toContain('imagebuilder:ImportVmImage is not supported by Patchbay.');
  });

  it('deletes it', async () => {
    const deletion = `aws imagebuilder delete-infrastructure-configuration --infrastructure-configuration-arn ${arn}`;
    expect(await aws.json(deletion)).toMatchObject({ infrastructureConfigurationArn: arn });
    expect((await aws.run(deletion)).stderr).toContain('(ResourceNotFoundException)');
  });
});
