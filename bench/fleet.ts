import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import {
  callSsm,
  readDatabaseSeconds,
  readMemoryMebibytes,
  readProcessorSeconds,
  startControlPlane,
} from './control-plane.ts';
import { type SimulatedFleet, startSimulatedFleet } from './simulated-fleet.ts';

/**
 * One command to many simulated nodes over the agents' real protocol: enrolment, long polls, acknowledgement, a reply
 * when it starts and one when it ends. The nodes share one process and one key pair; the server has its own.
 * Run: node bench/fleet.ts [--nodes 10000] [--idle-seconds 60]
 */
const { values } = parseArgs({
  options: { nodes: { type: 'string', default: '10000' }, 'idle-seconds': { type: 'string', default: '60' } },
});
const nodes = Number(values.nodes);
const idleSeconds = Number(values['idle-seconds']);

const controlPlane = await startControlPlane();
const { access, processId } = controlPlane;

const Sent = z.object({ Command: z.object({ CommandId: z.string() }) });
const Listed = z.object({ Commands: z.array(z.object({ CompletedCount: z.number(), Status: z.string() })) });

let fleet: SimulatedFleet | undefined;
try {
  const enrolmentBegan = performance.now();
  fleet = await startSimulatedFleet(access, nodes);
  const enrolmentSeconds = (performance.now() - enrolmentBegan) / 1000;
  console.log(
    `${nodes} nodes enrolled in ${enrolmentSeconds.toFixed(1)} s (${(nodes / enrolmentSeconds).toFixed(0)} /s)`,
  );

  // The first answers of the polls come at once; after one round they are spread.
  await sleep(20_000);
  const idleBegan = readProcessorSeconds(processId);
  await sleep(idleSeconds * 1000);
  const idleShare = (readProcessorSeconds(processId) - idleBegan) / idleSeconds;
  console.log(`${nodes} idle pollers: ${(idleShare * 100).toFixed(0)} % of one core (aim at most 20 %)`);

  const began = performance.now();
  const spentBefore = [readProcessorSeconds(processId), readDatabaseSeconds(processId)] as const;
  const { Command } = await callSsm(access, Sent, 'SendCommand', {
    DocumentName: 'AWS-RunShellScript',
    Targets: [{ Key: 'tag:fleet', Values: ['bench'] }],
    Parameters: { commands: ['true'] },
    MaxConcurrency: '100%',
    MaxErrors: '100%',
  });
  console.log(`SendCommand answered after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  for (let completed = 0; completed < nodes; ) {
    await sleep(500);
    const { Commands } = await callSsm(access, Listed, 'ListCommands', { CommandId: Command.CommandId });
    completed = Commands[0]?.CompletedCount ?? 0;
    if (performance.now() - began > 300_000) throw new Error(`Only ${completed} results after five minutes`);
  }
  const seconds = (performance.now() - began) / 1000;
  const serverSeconds = readProcessorSeconds(processId) - spentBefore[0];
  const databaseSeconds = readDatabaseSeconds(processId) - spentBefore[1];
  const { now, highest } = readMemoryMebibytes(processId);
  console.log(
    `all ${nodes} results stored after ${seconds.toFixed(1)} s (${(seconds / 30).toFixed(2)} x the aim of 30 s); server memory ${now.toFixed(0)} MiB, at most ${highest.toFixed(0)} MiB; processor: server ${serverSeconds.toFixed(1)} s, PostgreSQL ${databaseSeconds.toFixed(1)} s`,
  );
} finally {
  fleet?.stop();
  await controlPlane.stop();
}
