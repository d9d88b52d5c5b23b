import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PatchedFleet, readPackages, startPatchedFleet } from '../faults/patched-fleet.ts';
import { startPatchbay } from '../support/patchbay-process.ts';
import { runTool } from '../support/run-tool.ts';

// Source: aws-docs, https://docs.aws.amazon.com/systems-manager/latest/userguide/mw-cli-tutorial-targets-examples.html
const clis = [
  { name: 'the newer aws CLI, first on PATH', path: process.env['PATH'] ?? '' },
  { name: "Debian's awscli", path: '/usr/bin:/bin:/usr/sbin:/sbin' },
];
const patienceMilliseconds = 120_000;

describe.each(clis)('the web servers, every Sunday at two, with $name', ({ path }) => {
  let fleet: PatchedFleet;
  let environment: string;

  beforeAll(async () => {
    fleet = await startPatchedFleet({ nodeCount: 2 });
    const child = startPatchbay(['env', '--data', join(fleet.folder, 'data')], { PATH: path });
    await child.end('SIGCONT');
    environment = child.output();
  }, 300_000);
  afterAll(() => fleet?.close());

  async function aws(words: string) {
    const script = `${environment}\naws ${words} --output json`;
    return JSON.parse((await runTool(['env', `PATH=${path}`, 'sh', '-c', script])).trim() || '{}');
  }

  it('are patched in a window, and read back to what the command wrote', async () => {
    const version = await fleet.publishNext();
    const { WindowId } = await aws(
      'ssm create-maintenance-window --name sunday --schedule "cron(0 2 ? * SUN *)" --schedule-timezone Europe/Berlin --duration 3 --cutoff 1 --no-allow-unassociated-targets',
    );
    const { WindowTargetId } = await aws(
      `ssm register-target-with-maintenance-window --window-id ${WindowId} --resource-type INSTANCE --targets Key=tag:PatchGroup,Values=faults`,
    );
    const parameters = JSON.stringify({ RunCommand: { Parameters: { Operation: ['Install'] } } });
    await aws(
      `ssm register-task-with-maintenance-window --window-id ${WindowId} --task-arn AWS-RunPatchBaseline --task-type RUN_COMMAND --targets Key=WindowTargetIds,Values=${WindowTargetId} --max-concurrency 50% --max-errors 10% --task-invocation-parameters '${parameters}'`,
    );
    const soon = new Date(Date.now() + 8_000).toISOString().slice(0, 19);
    await aws(`ssm update-maintenance-window --window-id ${WindowId} --schedule "at(${soon})" --schedule-timezone UTC`);
    const deadline = Date.now() + patienceMilliseconds;
    let execution: { Status?: string; WindowExecutionId?: string } | undefined;
    while (execution === undefined || ['PENDING', 'IN_PROGRESS'].includes(execution.Status ?? '')) {
      if (Date.now() > deadline) throw new Error(`The window does not end: ${JSON.stringify(execution)}`);
      await wait(1_000);
      const { WindowExecutions } = await aws(`ssm describe-maintenance-window-executions --window-id ${WindowId}`);
      execution = WindowExecutions[0];
    }
    expect(execution).toMatchObject({ WindowId, Status: 'SUCCESS', StatusDetails: 'Success' });
    const ofExecution = `--window-execution-id ${execution.WindowExecutionId}`;
    const { WindowExecutionTaskIdentities: tasks } = await aws(
      `ssm describe-maintenance-window-execution-tasks ${ofExecution}`,
    );
    expect(tasks).toMatchObject([{ TaskArn: 'AWS-RunPatchBaseline', TaskType: 'RUN_COMMAND', Status: 'SUCCESS' }]);
    const { WindowExecutionTaskInvocationIdentities: invocations } = await aws(
      `ssm describe-maintenance-window-execution-task-invocations ${ofExecution} --task-id ${tasks[0].TaskExecutionId}`,
    );
    expect(invocations).toMatchObject([{ WindowTargetId, Status: 'SUCCESS' }]);
    const commandId = invocations[0].ExecutionId;
    for (const node of fleet.nodes) {
      const invocation = await aws(
        `ssm get-command-invocation --command-id ${commandId} --instance-id ${node.instanceId}`,
      );
      expect(invocation).toMatchObject({ Status: 'Success' });
      expect(invocation.StandardOutputContent).toContain('COMPLIANT');
      const { versions, audit } = await readPackages(node);
      expect(new Set(versions)).toEqual(new Set([`install ok installed ${version}`]));
      expect(audit).toBe('');
      const judged = await node.root.run(['sh', '-c', 'apt-get update -qq && apt-get -s upgrade --with-new-pkgs']);
      expect(judged.stdout).not.toMatch(/^Inst pb-fault/m);
    }
  }, 300_000);
});
