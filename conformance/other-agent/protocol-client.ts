import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { NodeHost, TestNode } from '../../packages/server/src/test-support/test-node.ts';
import { enrolNode } from '../../packages/server/src/test-support/test-node.ts';
import type { RunningRoot } from '../support/running-root.ts';

const Payload = z.looseObject({
  CommandId: z.string(),
  Parameters: z.record(z.string(), z.unknown()),
  DocumentContent: z.looseObject({
    mainSteps: z.array(z.looseObject({ name: z.string(), inputs: z.looseObject({ runCommand: z.array(z.string()) }) })),
  }),
});

const credentialsFile = '/var/lib/other-agent/credentials';

/**
 * A node whose agent is Amazon's, as far as the wire and the environment of its scripts show it: forms and order of the
 * calls are those that version 3.3 was seen to make. It runs one command at a time, in a root that is the machine.
 */
export interface OtherAgent {
  readonly node: TestNode;
  /** Takes the next command, runs its one script and replies as the agent does. */
  runNext(): Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }>;
}

export async function enrolOtherAgent(server: NodeHost, machine: RunningRoot): Promise<OtherAgent> {
  const platform = {
    AgentName: 'amazon-ssm-agent',
    AgentStatus: 'Active',
    AgentVersion: '3.3.0.0',
    PlatformName: 'Debian GNU/Linux',
    PlatformType: 'Linux',
    PlatformVersion: '12',
    SSMConnectionChannel: 'ec2messages',
  };
  const node = await enrolNode(server, { platform });
  const { accessKeyId, secretAccessKey, sessionToken } = node.credentials;
  await machine.run(
    ['sh', '-c', `umask 077; mkdir -p /var/lib/other-agent; cat >${credentialsFile}`],
    `[default]\naws_access_key_id     = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\naws_session_token     = ${sessionToken}\n`,
  );
  return {
    node,
    async runNext() {
      const [message] = await node.getMessages();
      if (message === undefined) throw new Error('There is no command for this node');
      const payload = Payload.parse(JSON.parse(message.Payload));
      const [step, ...others] = payload.DocumentContent.mainSteps;
      if (step === undefined || others.length > 0) throw new Error('This agent runs documents of one step');
      const reply = async (documentStatus: string, runtimeStatus: object | null) =>
        await node.reply(message.MessageId, {
          additionalInfo: {
            agent: { lang: 'en-US', name: 'amazon-ssm-agent', os: '', osver: '1', ver: '3.3.0.0' },
            dateTime: new Date().toISOString(),
            runId: randomUUID(),
            runtimeStatusCounts: {},
            ableToOpenMGSConnection: false,
          },
          documentStatus,
          documentTraceOutput: '',
          runtimeStatus,
        });
      await reply('InProgress', null);
      await node.acknowledge(message.MessageId);
      const startDateTime = new Date().toISOString();
      const result = await machine.run([
        'env',
        '--chdir=/',
        `AWS_SHARED_CREDENTIALS_FILE=${credentialsFile}`,
        `AWS_SSM_INSTANCE_ID=${node.instanceId}`,
        'AWS_SSM_REGION_NAME=us-east-1',
        `SSM_COMMAND_ID=${payload.CommandId}`,
        'sh',
        '-c',
        step.inputs.runCommand.join('\n'),
      ]);
      const status = result.exitCode === 0 ? 'Success' : 'Failed';
      const told = {
        status,
        code: result.exitCode ?? 137,
        name: 'aws:runShellScript',
        output: result.stdout,
        startDateTime,
        endDateTime: new Date().toISOString(),
        outputS3BucketName: '',
        outputS3KeyPrefix: '',
        stepName: '',
        standardOutput: result.stdout,
        standardError: result.stderr,
      };
      await reply('InProgress', { [step.name]: told });
      await reply(status, { [step.name]: told });
      return result;
    },
  };
}
