import { fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import { callSsm } from './control-plane.ts';
import type { FleetOrder, FleetTimes } from './fleet-load.ts';

const nodesPerActivation = 1000;
const Activation = z.object({ ActivationId: z.string(), ActivationCode: z.string() });

export interface SimulatedFleet {
  /** When each delivery and each end of a command came to pass, so far. */
  readTimes(): Promise<FleetTimes>;
  stop(): void;
}

/** Enrols simulated nodes, tagged `fleet=bench`, in a process of their own (fleet-load.ts); there when all are enrolled. */
export async function startSimulatedFleet(
  access: Parameters<typeof callSsm>[0],
  nodes: number,
): Promise<SimulatedFleet> {
  const activations: FleetOrder['activations'][number][] = [];
  for (let left = nodes; left > 0; left -= nodesPerActivation) {
    const count = Math.min(left, nodesPerActivation);
    const made = await callSsm(access, Activation, 'CreateActivation', {
      IamRole: 'bench',
      RegistrationLimit: count,
      Tags: [{ Key: 'fleet', Value: 'bench' }],
    });
    activations.push({ id: made.ActivationId, code: made.ActivationCode, nodes: count });
  }
  const generator = fork(new URL('./fleet-load.ts', import.meta.url));
  const ask = async (order: FleetOrder | 'times'): Promise<unknown> => {
    generator.send(order);
    const [message] = (await once(generator, 'message')) as [unknown];
    return message;
  };
  await ask({ endpoint: access.endpoint, region: access.region, activations });
  return {
    readTimes: async () => (await ask('times')) as FleetTimes,
    stop: () => generator.kill('SIGTERM'),
  };
}
