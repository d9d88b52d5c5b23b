import { callImageBuilder as call, type Furniture } from './image-builder-calls.ts';
import { placeholderOf } from './learned-texts.ts';
import type { FuzzedServer } from './start-fuzzed-server.ts';
import type { Example } from './windows-in-scene.ts';

const document = `schemaVersion: 1.0
parameters:
  - Greeting: { type: string, default: hello }
  - Name: { type: string }
phases:
  - name: build
    steps:
      - name: Say
        action: ExecuteBash
        onFailure: Continue
        loop: { forEach: [a, b] }
        inputs: { commands: ['echo "{{ Greeting }} {{ Name }} {{ loop.value }}"'] }
  - name: test
    steps:
      - name: Look
        action: Assert
        if: { fileExists: /etc/os-release }
        inputs: { binaryExists: sh }
`;

const template = `# escape=\\
FROM {{{ imagebuilder:parentImage }}} AS base
{{{ imagebuilder:environments }}}
ARG LEVEL=3
ENV PATH=/opt/bin:$PATH NAME="a \${LEVEL:-b}"
RUN ["/bin/echo", "a"]
RUN echo a \\
  && echo b
{{{ imagebuilder:components }}}
WORKDIR /srv
EXPOSE 80/tcp
CMD ["/bin/sh"]
`;

/** Adds components and recipes of Image Builder, and what the operations on them accept. */
export async function withDefinitions<Scene extends Furniture>(
  scene: Scene,
  server: FuzzedServer,
  name: string,
): Promise<Scene> {
  const arnOf = (type: string, id: string) => `arn:aws:imagebuilder:${server.region}:${server.accountId}:${type}/${id}`;
  const component = {
    name: `Fuzz ${name}`,
    semanticVersion: '1.0.0',
    description: 'for the fuzzer',
    changeDescription: 'first',
    platform: 'Linux',
    supportedOsVersions: ['Debian 12'],
    data: document,
    tags: { owner: 'fuzz' },
    clientToken: `component-${name}`,
  };
  const componentArn = arnOf('component', `fuzz-${name}/1.0.0/1`);
  const parameters = [{ name: 'Name', value: ['fuzz'] }];
  const recipe = {
    name: `Fuzz ${name}`,
    semanticVersion: '1.0.0',
    description: 'for the fuzzer',
    parentImage: `arn:aws:imagebuilder:${server.region}:aws:image/debian-12-x86/x.x.x`,
    components: [{ componentArn, parameters }],
    workingDirectory: '/tmp',
    tags: { owner: 'fuzz' },
    clientToken: `recipe-${name}`,
  };
  const containerRecipe = {
    ...recipe,
    containerType: 'DOCKER',
    dockerfileTemplateData: template,
    targetRepository: { service: 'ECR', repositoryName: 'registry.example:5000/fuzz' },
    instanceConfiguration: {
      image: 'builder',
      blockDeviceMappings: [{ deviceName: '/dev/sda', ebs: { volumeSize: 8 } }],
    },
  };
  const imageRecipe = {
    ...recipe,
    blockDeviceMappings: [{ deviceName: '/dev/sda', ebs: { volumeSize: 8, volumeType: 'gp3' } }],
    additionalInstanceConfiguration: { systemsManagerAgent: { uninstallAfterBuild: true }, userDataOverride: 'YQ==' },
    amiTags: { builtBy: 'fuzz' },
  };
  const spare = <Input extends { clientToken: string }>(input: Input) => ({
    ...input,
    name: `Spare ${name}`,
    clientToken: `spare-${input.clientToken}`,
  });
  for (const input of [component, spare(component)]) await call(server, 'CreateComponent', input);
  for (const input of [containerRecipe, spare(containerRecipe)]) await call(server, 'CreateContainerRecipe', input);
  for (const input of [imageRecipe, spare(imageRecipe)]) await call(server, 'CreateImageRecipe', input);
  const containerRecipeArn = arnOf('container-recipe', `fuzz-${name}/1.0.0`);
  const imageRecipeArn = arnOf('image-recipe', `fuzz-${name}/1.0.0`);
  const policy = '{"Version":"2012-10-17","Statement":[]}';
  for (const [operation, holder] of [
    ['PutComponentPolicy', { componentArn }],
    ['PutContainerRecipePolicy', { containerRecipeArn }],
    ['PutImageRecipePolicy', { imageRecipeArn }],
  ] as const) {
    await call(server, operation, { ...holder, policy });
  }
  const next = { semanticVersion: '1.0.x' };
  const filters = [{ name: 'name', values: [component.name, 'other'] }];
  const examples: Example[] = [
    ['CreateComponent', { ...component, semanticVersion: '1.0.1', clientToken: `more-${component.clientToken}` }],
    [
      'ImportComponent',
      {
        name: `Imported ${name}`,
        semanticVersion: '1.0.0',
        type: 'BUILD',
        format: 'SHELL',
        platform: 'Linux',
        data: 'echo "{{ a }}"',
        clientToken: `import-${name}`,
      },
    ],
    ['GetComponent', { componentBuildVersionArn: componentArn.replace('1.0.0/1', '1.x.x') }],
    [
      'ListComponents',
      { owner: 'Self', byName: true, filters: [...filters, { name: 'version', values: ['1.x.x'] }], maxResults: 1 },
    ],
    ['ListComponentBuildVersions', { componentVersionArn: componentArn.replace(/\/1$/, ''), maxResults: 1 }],
    ['DeleteComponent', { componentBuildVersionArn: arnOf('component', `spare-${name}/1.0.0/1`) }],
    ['PutComponentPolicy', { componentArn, policy }],
    ['GetComponentPolicy', { componentArn }],
    ['CreateContainerRecipe', { ...containerRecipe, ...next, clientToken: `more-container-${name}` }],
    ['GetContainerRecipe', { containerRecipeArn: containerRecipeArn.replace('1.0.0', 'x.x.x') }],
    ['ListContainerRecipes', { owner: 'Self', filters, maxResults: 1 }],
    ['DeleteContainerRecipe', { containerRecipeArn: arnOf('container-recipe', `spare-${name}/1.0.0`) }],
    ['PutContainerRecipePolicy', { containerRecipeArn, policy }],
    ['GetContainerRecipePolicy', { containerRecipeArn }],
    ['CreateImageRecipe', { ...imageRecipe, ...next, clientToken: `more-image-${name}` }],
    ['GetImageRecipe', { imageRecipeArn: imageRecipeArn.replace('1.0.0', '1.x.x') }],
    ['ListImageRecipes', { owner: 'Self', filters, maxResults: 1 }],
    ['DeleteImageRecipe', { imageRecipeArn: arnOf('image-recipe', `spare-${name}/1.0.0`) }],
    ['PutImageRecipePolicy', { imageRecipeArn, policy }],
    ['GetImageRecipePolicy', { imageRecipeArn }],
  ];
  const managed = `arn:aws:imagebuilder:${server.region}:aws:component/update-linux/x.x.x`;
  const known: Readonly<Record<string, readonly string[]>> = {
    componentarn: [componentArn, managed],
    componentbuildversionarn: [componentArn, managed, placeholderOf('componentbuildversionarn')],
    componentversionarn: [componentArn.replace(/\/1$/, '')],
    containerrecipearn: [containerRecipeArn, placeholderOf('containerrecipearn')],
    imagerecipearn: [imageRecipeArn, placeholderOf('imagerecipearn')],
    semanticversion: ['1.0.0', '1.0.1', '1.0.x', 'x.x.x'],
    parentimage: [recipe.parentImage, 'debian:12', arnOf('image', 'golden/1.x.x')],
    dockerfiletemplatedata: [template],
    data: [document],
    policy: [policy],
  };
  return {
    ...scene,
    known: new Map([...scene.known, ...Object.entries(known)]),
    examples: new Map([
      ...scene.examples,
      ...examples.map(([target, input]) => [`imagebuilder.${target}`, [input]] as const),
    ]),
  };
}
