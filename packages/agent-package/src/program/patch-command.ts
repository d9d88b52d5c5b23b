import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  carryOutOrder,
  defaultEnvironment,
  fetchedPatcherDirectory,
  openHttpConnection,
  readPatchOrder,
  readProxyVariables,
  systemTimers,
} from '@patchbay/agent';

/**
 * `patchbay-agent patch ORDER DIGEST`: what AWS-RunPatchBaseline runs on a node with another agent, whose environment says
 * where its credentials are. Prints what the patcher printed, and ends as it ended.
 */
export async function patchCommand([order = '', packageDigest = '']: readonly string[]): Promise<void> {
  const { env } = process;
  const parsed = readPatchOrder(order);
  const connection = openHttpConnection(parsed.endpoint);
  try {
    const end = await carryOutOrder(parsed, {
      stateDirectory: fetchedPatcherDirectory,
      packageDigest,
      credentialsFile: env['AWS_SHARED_CREDENTIALS_FILE'] || join(homedir(), '.aws/credentials'),
      patcherProgram: [fileURLToPath(new URL('./patcher.mjs', import.meta.url))],
      environment: {
        ...defaultEnvironment,
        ...readProxyVariables(env),
        ...(env['NODE_EXTRA_CA_CERTS'] ? { NODE_EXTRA_CA_CERTS: env['NODE_EXTRA_CA_CERTS'] } : {}),
      },
      connection,
      readBootId: () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      timers: systemTimers,
    });
    if (end.kind === 'finished' || end.kind === 'vanished') {
      process.stdout.write(end.standardOutput);
      process.stderr.write(end.standardError);
    }
    if (end.kind !== 'finished')
      process.stderr.write('The patcher ended without a result, and again when it was started anew.\n');
    process.exitCode = end.kind === 'finished' ? end.exitCode : 1;
  } finally {
    connection.close();
  }
}
