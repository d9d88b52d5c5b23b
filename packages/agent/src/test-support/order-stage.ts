import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PatchOrder } from '@patchbay/contracts';
import type { OrderParts } from '../other-agent/index.ts';
import { systemTimers } from '../timers.ts';

export const orderedPackageDigest = 'a'.repeat(64);

/** Files from which `readOrderParts` serves, and an order that fits them. */
export function stageOrder(folder: string, behaviour: string): PatchOrder {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const sums = `${orderedPackageDigest}  patchbay-agent_1.0.0_amd64.deb\n`;
  mkdirSync(join(folder, 'state'), { mode: 0o700 });
  writeFileSync(join(folder, 'state/behaviour'), behaviour);
  writeFileSync(join(folder, 'SHA256SUMS'), sums);
  writeFileSync(join(folder, 'SHA256SUMS.sig'), sign(null, Buffer.from(sums), privateKey).toString('base64'));
  writeFileSync(
    join(folder, 'credentials'),
    '[default]\naws_access_key_id = ASIA\naws_secret_access_key = s\naws_session_token = t\n',
  );
  const key = { keyId: 'k', publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64') };
  return {
    endpoint: 'http://127.0.0.1:9',
    region: 'us-east-1',
    instanceId: 'mi-0123456789abcdef0',
    commandId: '7f3b2f0e-0000-4000-8000-000000000001',
    operation: 'Scan',
    rebootOption: 'RebootIfNeeded',
    snapshotId: '',
    signingKey: key,
    releaseKey: key,
  };
}

export function readOrderParts(folder: string, bootId = 'boot-1'): OrderParts {
  return {
    stateDirectory: join(folder, 'state'),
    packageDigest: orderedPackageDigest,
    credentialsFile: join(folder, 'credentials'),
    patcherProgram: [fileURLToPath(new URL('./patcher-stand-in.ts', import.meta.url))],
    environment: { PATH: process.env['PATH'] ?? '' },
    connection: {
      get: async (path, _limits, take) => {
        const file = join(folder, path.slice('/agent/'.length));
        if (!existsSync(file)) return 404;
        take(readFileSync(file));
        return 200;
      },
    },
    readBootId: () => bootId,
    timers: systemTimers,
  };
}
