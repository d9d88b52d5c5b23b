import {
  CreateMaintenanceWindowCommand,
  type CreateMaintenanceWindowCommandInput,
  DescribeMaintenanceWindowExecutionsCommand,
  DescribeMaintenanceWindowExecutionTaskInvocationsCommand,
  DescribeMaintenanceWindowExecutionTasksCommand,
  type MaintenanceWindowExecution,
  RegisterTargetWithMaintenanceWindowCommand,
  RegisterTaskWithMaintenanceWindowCommand,
  type RegisterTaskWithMaintenanceWindowCommandInput,
} from '@aws-sdk/client-ssm';
import type { TestNode } from '../../../test-support/test-node.ts';
import type { TestServer } from '../../../test-support/test-server.ts';
import { runDueWindows } from './runner.ts';

/** Makes windows that open in a minute and lets time pass. */
export function windowStage(server: () => TestServer) {
  const stage = {
    /** A window of three hours with a cutoff of one, which opens in a minute. */
    create: async (input: Partial<CreateMaintenanceWindowCommandInput> = {}): Promise<string> => {
      const at = new Date(server().now().getTime() + 60_000).toISOString().slice(0, 19);
      const { WindowId = '' } = await server().ssm.send(
        new CreateMaintenanceWindowCommand({
          Name: 'in-a-minute',
          Schedule: `at(${at})`,
          Duration: 3,
          Cutoff: 1,
          AllowUnassociatedTargets: true,
          ...input,
        }),
      );
      return WindowId;
    },
    registerTag: async (WindowId: string, value: string): Promise<string> => {
      const { WindowTargetId = '' } = await server().ssm.send(
        new RegisterTargetWithMaintenanceWindowCommand({
          WindowId,
          ResourceType: 'INSTANCE',
          OwnerInformation: `the owner of ${value}`,
          Targets: [{ Key: 'tag:Stage', Values: [value] }],
        }),
      );
      return WindowTargetId;
    },
    registerPatching: async (
      WindowId: string,
      targetIds: readonly string[],
      input: Partial<RegisterTaskWithMaintenanceWindowCommandInput> = {},
    ): Promise<string> => {
      const { WindowTaskId = '' } = await server().ssm.send(
        new RegisterTaskWithMaintenanceWindowCommand({
          WindowId,
          TaskArn: 'AWS-RunPatchBaseline',
          TaskType: 'RUN_COMMAND',
          Targets: [{ Key: 'WindowTargetIds', Values: [...targetIds] }],
          MaxConcurrency: '50%',
          MaxErrors: '10%',
          TaskInvocationParameters: { RunCommand: { Parameters: { Operation: ['Install'] } } },
          ...input,
        }),
      );
      return WindowTaskId;
    },
    run: async () => await runDueWindows({ db: server().database, dependencies: server().dependencies }),
    /** Lets the minute pass, and opens what is due. */
    open: async (): Promise<void> => {
      server().advance({ minutes: 1 });
      await stage.run();
    },
    executions: async (WindowId: string): Promise<MaintenanceWindowExecution[]> => {
      const { WindowExecutions = [] } = await server().ssm.send(
        new DescribeMaintenanceWindowExecutionsCommand({ WindowId }),
      );
      return WindowExecutions;
    },
    /** The newest execution of a window, with its tasks and their invocations. */
    newest: async (WindowId: string) => {
      const [execution] = await stage.executions(WindowId);
      const WindowExecutionId = execution?.WindowExecutionId ?? '';
      const { WindowExecutionTaskIdentities: tasks = [] } = await server().ssm.send(
        new DescribeMaintenanceWindowExecutionTasksCommand({ WindowExecutionId }),
      );
      const lists = await Promise.all(
        tasks.map(({ TaskExecutionId: TaskId = '' }) =>
          server().ssm.send(
            new DescribeMaintenanceWindowExecutionTaskInvocationsCommand({ WindowExecutionId, TaskId }),
          ),
        ),
      );
      const invocations = lists.flatMap((list) => list.WindowExecutionTaskInvocationIdentities ?? []);
      return { execution, tasks, invocations };
    },
    /** Lets a node take its command and end it. */
    carryOut: async (node: TestNode, status: 'Success' | 'Failed' = 'Success'): Promise<void> => {
      const [message] = await node.getMessages();
      if (!message) throw new Error(`${node.instanceId} has no message`);
      await node.acknowledge(message.MessageId);
      await node.reply(message.MessageId, {
        documentStatus: status,
        runtimeStatus: { PatchLinux: { status, code: status === 'Success' ? 0 : 1, standardOutput: 'done' } },
      });
    },
  };
  return stage;
}
