import {
  CreateComponentCommand,
  type CreateComponentCommandInput,
  type ImagebuilderClient,
} from '@aws-sdk/client-imagebuilder';

/** A document that is another for another text. */
export function componentData(text: string): string {
  return `schemaVersion: 1.0
phases:
  - name: build
    steps:
      - { name: Say, action: ExecuteBash, inputs: { commands: ['echo ${text}'] } }
`;
}

/** Creates a component, by default one that says its name, and answers the ARN of the build. */
export async function addComponent(
  client: ImagebuilderClient,
  input: Partial<CreateComponentCommandInput> & { readonly name: string },
): Promise<string> {
  const command = new CreateComponentCommand({
    semanticVersion: '1.0.0',
    platform: 'Linux',
    data: componentData('hello'),
    ...input,
  });
  return (await client.send(command)).componentBuildVersionArn ?? '';
}
