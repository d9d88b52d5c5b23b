import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isLoopback } from '../addresses.ts';
import type { Metrics } from './metrics.ts';
import type { NotReady } from './readiness.ts';

/** Who may read the metrics: this machine, everybody, or who knows a token. */
export type MetricsAccess =
  | { readonly kind: 'loopback' }
  | { readonly kind: 'public' }
  | { readonly kind: 'token'; readonly token: string };

export interface Observability {
  readonly metricsAccess: MetricsAccess;
  readonly findReasons: () => Promise<readonly NotReady[]>;
}

/** `/healthz`, `/readyz` and `/metrics`, which nobody signs. */
export function addObservabilityRoutes(app: FastifyInstance, metrics: Metrics, parts: Observability): void {
  app.get('/healthz', async (_request, reply) => reply.header('Cache-Control', 'no-store').send({ status: 'alive' }));
  app.get('/readyz', async (_request, reply) => {
    const reasons = await parts.findReasons();
    return reply
      .code(reasons.length === 0 ? 200 : 503)
      .header('Cache-Control', 'no-store')
      .send({ status: reasons.length === 0 ? 'ready' : 'not ready', reasons });
  });
  app.get('/metrics', async (request, reply) => {
    if (!mayReadMetrics(request, parts.metricsAccess)) {
      const message =
        'Metrics are for this machine only, unless the server was started with --metrics or --metrics-token-file.';
      return reply.code(403).send({ message });
    }
    const { text, contentType } = await metrics.render();
    return reply.header('Content-Type', contentType).send(text);
  });
}

/** A proxy on this machine makes all its callers look local, so one that says for whom it asks does not count. */
function mayReadMetrics({ ip, headers }: FastifyRequest, access: MetricsAccess): boolean {
  switch (access.kind) {
    case 'public':
      return true;
    case 'loopback': {
      const isForwarded = headers.forwarded !== undefined || headers['x-forwarded-for'] !== undefined;
      return !isForwarded && isLoopback(ip.replace(/^::ffff:/, ''));
    }
    case 'token':
      return isSameText(headers.authorization ?? '', `Bearer ${access.token}`);
  }
}

function isSameText(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
