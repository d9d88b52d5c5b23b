import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { callSsm, readMemoryMebibytes, readProcessorSeconds, startControlPlane } from './control-plane.ts';
import type { FleetTimes } from './fleet-load.ts';
import { type SimulatedFleet, startSimulatedFleet } from './simulated-fleet.ts';

/**
 * A maintenance window over many simulated nodes at ten percent concurrency, over the agents' real protocol. There are no
 * batches: each result lets the next node begin. So what is measured is how long nothing was under way while nodes still
 * waited, and the longest time between two deliveries: both are above what a batch would wait for the one before.
 * Run: node bench/window.ts [--nodes 10000] [--concurrency 10%]
 */
const { values } = parseArgs({
  options: { nodes: { type: 'string', default: '10000' }, concurrency: { type: 'string', default: '10%' } },
});
const nodes = Number(values.nodes);
const patienceMilliseconds = 600_000;

const controlPlane = await startControlPlane();
const { access, processId } = controlPlane;

const Window = z.object({ WindowId: z.string() });
const Target = z.object({ WindowTargetId: z.string() });
const Executions = z.object({
  WindowExecutions: z.array(z.object({ Status: z.string(), EndTime: z.number().optional() })),
});

/** The longest times (milliseconds) in which nothing was delivered, and in which nothing ran though nodes still waited. */
function findPauses({ delivered, ended }: FleetTimes): { readonly betweenDeliveries: number; readonly idle: number } {
  const events = [...delivered.map((at) => ({ at, change: 1 })), ...ended.map((at) => ({ at, change: -1 }))].sort(
    (left, right) => left.at - right.at || right.change - left.change,
  );
  let running = 0;
  let betweenDeliveries = 0;
  let idle = 0;
  let lastDelivery: number | null = null;
  let idleSince: number | null = null;
  for (const { at, change } of events) {
    running += change;
    if (running === 0) idleSince = at;
    if (change < 0) continue;
    if (idleSince !== null) idle = Math.max(idle, at - idleSince);
    if (lastDelivery !== null) betweenDeliveries = Math.max(betweenDeliveries, at - lastDelivery);
    lastDelivery = at;
    idleSince = null;
  }
  return { betweenDeliveries, idle };
}

let fleet: SimulatedFleet | undefined;
try {
  fleet = await startSimulatedFleet(access, nodes);
  console.log(`${nodes} nodes enrolled`);
  await sleep(20_000);

  const at = new Date(Date.now() + 5_000).toISOString().slice(0, 19);
  const { WindowId } = await callSsm(access, Window, 'CreateMaintenanceWindow', {
    Name: 'bench',
    Schedule: `at(${at})`,
    Duration: 2,
    Cutoff: 1,
    AllowUnassociatedTargets: false,
  });
  const { WindowTargetId } = await callSsm(access, Target, 'RegisterTargetWithMaintenanceWindow', {
    WindowId,
    ResourceType: 'INSTANCE',
    Targets: [{ Key: 'tag:fleet', Values: ['bench'] }],
  });
  await callSsm(access, z.object({}), 'RegisterTaskWithMaintenanceWindow', {
    WindowId,
    TaskArn: 'AWS-RunShellScript',
    TaskType: 'RUN_COMMAND',
    Targets: [{ Key: 'WindowTargetIds', Values: [WindowTargetId] }],
    MaxConcurrency: values.concurrency,
    MaxErrors: '10%',
    TaskInvocationParameters: { RunCommand: { Parameters: { commands: ['true'] } } },
  });
  const processorBefore = readProcessorSeconds(processId);
  const deadline = Date.now() + patienceMilliseconds;
  let endTime: number | undefined;
  let status = '';
  while (endTime === undefined) {
    if (Date.now() > deadline) throw new Error('The window does not end');
    await sleep(1_000);
    const { WindowExecutions } = await callSsm(access, Executions, 'DescribeMaintenanceWindowExecutions', { WindowId });
    endTime = WindowExecutions[0]?.EndTime;
    status = WindowExecutions[0]?.Status ?? '';
  }
  const times = await fleet.readTimes();
  const opened = Date.parse(`${at}Z`);
  const { betweenDeliveries, idle } = findPauses(times);
  const [first, last] = [Math.min(...times.delivered), Math.max(...times.ended)];
  console.log(
    `${times.ended.length} nodes, ${values.concurrency} at once, ${status}: first delivery ${((first - opened) / 1000).toFixed(2)} s after the window's time, last result after ${((last - opened) / 1000).toFixed(1)} s, execution ended ${(endTime - last / 1000).toFixed(2)} s later`,
  );
  console.log(
    `longest time between two deliveries ${betweenDeliveries} ms, longest time in which nothing ran though nodes waited ${idle} ms (${(idle / 1000).toFixed(2)} x the aim of 1 s)`,
  );
  console.log(
    `server: ${(readProcessorSeconds(processId) - processorBefore).toFixed(1)} s of processor, at most ${readMemoryMebibytes(processId).highest.toFixed(0)} MiB`,
  );
} finally {
  fleet?.stop();
  await controlPlane.stop();
}
