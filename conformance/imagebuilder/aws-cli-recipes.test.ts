import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AwsCli, findAwsClis, openAwsCli, type WayOut, watchWayOut } from '../ssm/aws-cli.ts';
import { withRealServer } from '../ssm/real-server.ts';

const document = `name: Harden
schemaVersion: 1.0
parameters:
  - Umask: { type: string, default: '027' }
phases:
  - name: build
    steps:
      - name: SetUmask
        action: ExecuteBash
        inputs:
          commands:
            - echo "umask {{ Umask }}" > /etc/profile.d/umask.sh
`;

const template = `FROM {{{ imagebuilder:parentImage }}}
{{{ imagebuilder:environments }}}
{{{ imagebuilder:components }}}
ENV LANG="C.UTF-8"
`;

// Source: aws-docs, https://docs.aws.amazon.com/cli/latest/reference/imagebuilder/
describe.each(findAwsClis())('%s, on definitions of images', (path) => {
  const server = withRealServer();
  let folder: string;
  let wayOut: WayOut;
  let aws: AwsCli;
  const arnOf = (type: string, id: string, owner = server().accountId) =>
    `arn:aws:imagebuilder:us-east-1:${owner}:${type}/${id}`;
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return `file://${join(folder, name)}`;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'patchbay-definitions-'));
    wayOut = await watchWayOut();
    aws = await openAwsCli(path, server(), wayOut);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    expect(wayOut.attempts).toEqual([]);
    await wayOut.close();
  });

  it('keeps a component, and names the mistakes of its document', async () => {
    const create = (data: string) =>
      `aws imagebuilder create-component --name 'Harden it' --semantic-version 1.0.0 --platform Linux \
        --data ${data} --tags stage=test`;
    const arn = arnOf('component', 'harden-it/1.0.0/1');
    const file = write('component.yaml', document);
    expect(await aws.json(create(file))).toMatchObject({ componentBuildVersionArn: arn });
    expect((await aws.run(create(file))).stderr).toContain('(ResourceAlreadyExistsException)');
    const wrong = await aws.run(create(write('wrong.yaml', document.replace('ExecuteBash', 'ExecuteBsh'))));
    expect(wrong.stderr).toContain('(InvalidParameterValueException)');
    expect(wrong.stderr).toContain('(line 9, column 17): there is no action ExecuteBsh');
    const anyArn = arnOf('component', 'harden-it/x.x.x');
    const read = await aws.json(`aws imagebuilder get-component --component-build-version-arn ${anyArn}`);
    expect(read).toMatchObject({
      component: {
        arn,
        name: 'Harden it',
        version: '1.0.0',
        type: 'BUILD',
        platform: 'Linux',
        data: document,
        parameters: [{ name: 'Umask', type: 'string', defaultValue: ['027'] }],
        tags: { stage: 'test' },
      },
    });
    expect(await aws.json(create(write('next.yaml', `${document}# changed\n`)))).toMatchObject({
      componentBuildVersionArn: arnOf('component', 'harden-it/1.0.0/2'),
    });
    const builds = await aws.json(
      `aws imagebuilder list-component-build-versions --component-version-arn ${arnOf('component', 'harden-it/1.0.0')}`,
    );
    expect(builds).toMatchObject({ componentSummaryList: [{ arn }, {}] });
  });

  it('finds the components that come with Patchbay, and its own', async () => {
    const managed = await aws.json(
      'aws imagebuilder list-components --owner Amazon --filters name=name,values=update-linux',
    );
    expect(managed).toMatchObject({
      componentVersionList: [
        { arn: arnOf('component', 'update-linux/1.0.0', 'aws'), owner: 'Amazon', platform: 'Linux', type: 'BUILD' },
      ],
    });
    expect(await aws.json('aws imagebuilder list-components --by-name')).toMatchObject({
      componentVersionList: [{ arn: arnOf('component', 'harden-it/1.0.0'), owner: server().accountId }],
    });
  });

  it('keeps a container recipe', async () => {
    const components = JSON.stringify([
      { componentArn: arnOf('component', 'update-linux/x.x.x', 'aws') },
      { componentArn: arnOf('component', 'harden-it/1.0.x'), parameters: [{ name: 'Umask', value: ['077'] }] },
    ]);
    const create = (change: string) =>
      `aws imagebuilder create-container-recipe --container-type DOCKER --name golden --semantic-version 1.0.x \
        --parent-image ${arnOf('image', 'debian-12-x86/x.x.x', 'aws')} --components '${components}' \
        --target-repository service=ECR,repositoryName=registry.example:5000/golden --tags stage=test ${change}`;
    const arn = arnOf('container-recipe', 'golden/1.0.1');
    const file = write('template', template);
    expect(await aws.json(create(`--dockerfile-template-data ${file}`))).toMatchObject({ containerRecipeArn: arn });
    const wrong = await aws.run(create(`--dockerfile-template-data ${write('wrong', `${template}COPY . /srv\n`)}`));
    expect(wrong.stderr).toContain('(InvalidParameterValueException)');
    expect(wrong.stderr).toContain('line 5, column 1: COPY has nothing to copy from');
    const read = await aws.json(`aws imagebuilder get-container-recipe --container-recipe-arn ${arn}`);
    expect(read).toMatchObject({
      containerRecipe: {
        arn,
        name: 'golden',
        version: '1.0.1',
        components: JSON.parse(components) as object,
        dockerfileTemplateData: template,
        targetRepository: { service: 'ECR', repositoryName: 'registry.example:5000/golden' },
        tags: { stage: 'test' },
      },
    });
    const listed = await aws.json('aws imagebuilder list-container-recipes --filters name=name,values=golden');
    expect(listed).toMatchObject({ containerRecipeSummaryList: [{ arn, containerType: 'DOCKER' }] });
  });

  it('deletes a component only when no recipe needs it', async () => {
    const deletion = (build: number) =>
      `aws imagebuilder delete-component --component-build-version-arn ${arnOf('component', `harden-it/1.0.0/${build}`)}`;
    await aws.json(deletion(1));
    expect((await aws.run(deletion(2))).stderr).toContain('(ResourceDependencyException)');
    await aws.json(
      `aws imagebuilder delete-container-recipe --container-recipe-arn ${arnOf('container-recipe', 'golden/1.0.1')}`,
    );
    await aws.json(deletion(2));
  });
});
