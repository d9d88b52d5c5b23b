import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AwsCli, findAwsClis, openAwsCli, type WayOut, watchWayOut } from '../ssm/aws-cli.ts';
import { withRealServer } from '../ssm/real-server.ts';

// Source: aws-docs, https://docs.aws.amazon.com/cli/latest/reference/imagebuilder/
describe.each(findAwsClis())('%s', (path) => {
  const server = withRealServer();
  let wayOut: WayOut;
  let aws: AwsCli;
  let arnOf: (resource: string) => string;

  beforeAll(async () => {
    wayOut = await watchWayOut();
    aws = await openAwsCli(path, server(), wayOut);
    arnOf = (resource) => `arn:aws:imagebuilder:us-east-1:${server().accountId}:${resource}`;
    await aws.json(
      'aws imagebuilder create-infrastructure-configuration --name builders --instance-profile-name builders',
    );
    await aws.json(
      `aws imagebuilder create-container-recipe --name shop --semantic-version 1.0.0 --container-type DOCKER \
        --parent-image arn:aws:imagebuilder:us-east-1:aws:image/debian-12-x86/x.x.x \
        --components componentArn=arn:aws:imagebuilder:us-east-1:aws:component/hello-world-linux/x.x.x \
        --target-repository service=ECR,repositoryName=127.0.0.1:5000/shop`,
    );
  });
  afterAll(async () => {
    expect(wayOut.attempts).toEqual([]);
    await wayOut.close();
  });

  it('keeps a distribution configuration', async () => {
    const distributions = JSON.stringify([
      {
        region: 'us-east-1',
        containerDistributionConfiguration: {
          containerTags: ['latest'],
          targetRepository: { service: 'ECR', repositoryName: '127.0.0.1:5000/shop' },
        },
      },
    ]);
    const created = await aws.json(
      `aws imagebuilder create-distribution-configuration --name 'To shops' --distributions '${distributions}'`,
    );
    const arn = arnOf('distribution-configuration/to-shops');
    expect(created).toMatchObject({ distributionConfigurationArn: arn });
    const read = await aws.json(
      `aws imagebuilder get-distribution-configuration --distribution-configuration-arn ${arn}`,
    );
    expect(read).toMatchObject({
      distributionConfiguration: { arn, name: 'To shops', distributions: JSON.parse(distributions) as unknown },
    });
    const listed = await aws.json('aws imagebuilder list-distribution-configurations');
    expect(listed).toMatchObject({ distributionConfigurationSummaryList: [{ arn, regions: ['us-east-1'] }] });
  });

  it('keeps a pipeline', async () => {
    const created = await aws.json(
      `aws imagebuilder create-image-pipeline --name 'Shop every Sunday' \
        --container-recipe-arn ${arnOf('container-recipe/shop/x.x.x')} \
        --infrastructure-configuration-arn ${arnOf('infrastructure-configuration/builders')} \
        --distribution-configuration-arn ${arnOf('distribution-configuration/to-shops')} \
        --schedule 'scheduleExpression=cron(0 2 ? * SUN *),timezone=Europe/Berlin' \
        --image-tests-configuration imageTestsEnabled=true,timeoutMinutes=60 --tags team=shop`,
    );
    const arn = arnOf('image-pipeline/shop-every-sunday');
    expect(created).toMatchObject({ imagePipelineArn: arn });
    const read = await aws.json(`aws imagebuilder get-image-pipeline --image-pipeline-arn ${arn}`);
    expect(read).toMatchObject({
      imagePipeline: {
        arn,
        platform: 'Linux',
        status: 'ENABLED',
        schedule: {
          scheduleExpression: 'cron(0 2 ? * SUN *)',
          timezone: 'Europe/Berlin',
          pipelineExecutionStartCondition: 'EXPRESSION_MATCH_AND_DEPENDENCY_UPDATES_AVAILABLE',
        },
        dateNextRun: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T0[01]:00:00\.000Z$/),
        tags: { team: 'shop' },
      },
    });
    await aws.json(
      `aws imagebuilder update-image-pipeline --image-pipeline-arn ${arn} --status DISABLED \
        --container-recipe-arn ${arnOf('container-recipe/shop/1.0.0')} \
        --infrastructure-configuration-arn ${arnOf('infrastructure-configuration/builders')}`,
    );
    const listed = await aws.json("aws imagebuilder list-image-pipelines --filters 'name=status,values=DISABLED'");
    expect(listed).toMatchObject({
      imagePipelineList: [{ arn, containerRecipeArn: expect.stringContaining('1.0.0') }],
    });
  });

  it('is told what is wrong', async () => {
    const wrong = await aws.run(
      `aws imagebuilder create-image-pipeline --name wrong --schedule 'scheduleExpression=rate(1 day)' \
        --container-recipe-arn ${arnOf('container-recipe/shop/1.0.0')} \
        --infrastructure-configuration-arn ${arnOf('infrastructure-configuration/builders')}`,
    );
    expect(wrong.stderr).toContain('(InvalidParameterValueException)');
    expect(wrong.stderr).toContain('it must be cron(...)');
    const needed = await aws.run(
      `aws imagebuilder delete-container-recipe --container-recipe-arn ${arnOf('container-recipe/shop/1.0.0')}`,
    );
    expect(needed.stderr).toContain('(ResourceDependencyException)');
    expect(needed.stderr).toContain(arnOf('image-pipeline/shop-every-sunday'));
  });

  it('deletes it', async () => {
    const deletion = `aws imagebuilder delete-image-pipeline --image-pipeline-arn ${arnOf('image-pipeline/shop-every-sunday')}`;
    expect(await aws.json(deletion)).toMatchObject({ imagePipelineArn: expect.any(String) });
    expect((await aws.run(deletion)).stderr).toContain('(ResourceNotFoundException)');
    await aws.json(
      `aws imagebuilder delete-infrastructure-configuration \
        --infrastructure-configuration-arn ${arnOf('infrastructure-configuration/builders')}`,
    );
  });
});
