import { randomUUID } from 'node:crypto';
import { signRequest } from '@patchbay/aws-wire/signing';
import type { AdministratorAccess } from '@patchbay/server';
import { openRawConnection, writeRequest } from './raw-http.ts';

/** What `requests.ts` asks of this process. */
export interface LoadOrder {
  readonly access: AdministratorAccess;
  readonly operation: 'DescribePatchBaselines' | 'CreatePatchBaseline';
  readonly connections: number;
  readonly requests: number;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly medianMilliseconds: number;
  readonly slowestPercentMilliseconds: number;
  readonly refused: number;
}

function bodyOf({ operation }: LoadOrder, number: number): object {
  if (operation === 'DescribePatchBaselines') return { MaxResults: 10 };
  return {
    Name: `load-${number}`,
    OperatingSystem: 'DEBIAN',
    ClientToken: randomUUID(),
    ApprovalRules: {
      PatchRules: [
        {
          PatchFilterGroup: { PatchFilters: [{ Key: 'PRODUCT', Values: ['Debian12'] }] },
          ComplianceLevel: 'HIGH',
          ApproveAfterDays: 7,
        },
      ],
    },
  };
}

function prepare(order: LoadOrder, number: number): Buffer {
  const { access, operation } = order;
  const url = new URL(access.endpoint);
  const body = Buffer.from(JSON.stringify(bodyOf(order, number)));
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `AmazonSSM.${operation}` };
  const signed = signRequest(
    { method: 'POST', url, headers, body },
    { credentials: access, region: access.region, service: 'ssm', now: new Date() },
  );
  return writeRequest(url, signed, body);
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const prepared = Array.from({ length: order.requests }, (_, number) => prepare(order, number));
  const url = new URL(order.access.endpoint);
  const connections = await Promise.all(Array.from({ length: order.connections }, () => openRawConnection(url)));
  const times: number[] = [];
  let refused = 0;
  const began = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      for (let request = prepared.pop(); request; request = prepared.pop()) {
        const sent = performance.now();
        const { statusCode, body } = await connection.send(request);
        times.push(performance.now() - sent);
        if (statusCode === 200) continue;
        if (refused === 0) console.error(`refused: ${statusCode} ${body}`);
        refused += 1;
      }
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  for (const connection of connections) connection.close();
  times.sort((left, right) => left - right);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN;
  return {
    perSecond: (order.requests - refused) / seconds,
    medianMilliseconds: at(0.5),
    slowestPercentMilliseconds: at(0.99),
    refused,
  };
}

process.once('message', (order: LoadOrder) => {
  void run(order).then((result) => process.send?.(result, () => process.disconnect()));
});
