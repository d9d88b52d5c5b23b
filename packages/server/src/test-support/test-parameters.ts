import { GetParameterCommand, PutParameterCommand, type PutParameterCommandInput } from '@aws-sdk/client-ssm';
import type { TestServer } from './test-server.ts';

/** Puts a String (or what `input` says) and returns the answer without the SDK's metadata. */
export const putParameter = async (server: TestServer, input: Partial<PutParameterCommandInput> & { Name: string }) => {
  const { $metadata: _metadata, ...answer } = await server.ssm.send(
    new PutParameterCommand({ Value: 'value', Type: 'String', ...input }),
  );
  return answer;
};

/** One parameter as GetParameter shows it to the administrator. */
export const getParameter = async (server: TestServer, Name: string, WithDecryption?: boolean) => {
  const { Parameter } = await server.ssm.send(new GetParameterCommand({ Name, WithDecryption }));
  return Parameter;
};
