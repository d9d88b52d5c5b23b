import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';
import type { NotReady } from './readiness.ts';
import { addObservabilityRoutes, type MetricsAccess } from './routes.ts';

interface Call {
  readonly path: string;
  readonly from?: string;
  readonly headers?: Record<string, string>;
}

async function ask(access: MetricsAccess, { path, from = '127.0.0.1', headers = {} }: Call, reasons: NotReady[] = []) {
  const app = fastify();
  addObservabilityRoutes(app, createMetrics(), { metricsAccess: access, findReasons: async () => reasons });
  const answer = await app.inject({ method: 'GET', url: path, remoteAddress: from, headers });
  await app.close();
  return answer;
}

describe('metrics', () => {
  it.each([
    ['this machine', { from: '127.0.0.1' }, 200],
    ['this machine in the other family', { from: '::1' }, 200],
    ['this machine, mapped', { from: '::ffff:127.0.0.1' }, 200],
    ['another machine', { from: '192.0.2.1' }, 403],
    ['a proxy on this machine', { headers: { 'x-forwarded-for': '192.0.2.1' } }, 403],
    ['a proxy of the newer kind', { headers: { forwarded: 'for=192.0.2.1' } }, 403],
  ])('of loopback are for this machine: %s', async (_title, call, status) => {
    expect((await ask({ kind: 'loopback' }, { path: '/metrics', ...call })).statusCode).toBe(status);
  });

  it('that are public are for everybody', async () => {
    expect((await ask({ kind: 'public' }, { path: '/metrics', from: '192.0.2.1' })).statusCode).toBe(200);
  });

  it.each([
    ['Bearer 0123456789abcdef', 200],
    ['Bearer 0123456789abcde', 403],
    ['0123456789abcdef', 403],
    ['', 403],
  ])('with a token are for who knows it: %j', async (authorization, status) => {
    const call = { path: '/metrics', from: '192.0.2.1', headers: { authorization } };
    expect((await ask({ kind: 'token', token: '0123456789abcdef' }, call)).statusCode).toBe(status);
  });
});

describe('health', () => {
  it('of the process is told to everybody', async () => {
    const answer = await ask({ kind: 'loopback' }, { path: '/healthz', from: '192.0.2.1' });
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'alive' }]);
  });

  it('says why no requests should come', async () => {
    const reasons: NotReady[] = [{ check: 'database', reason: 'PostgreSQL does not answer.' }];
    const answer = await ask({ kind: 'loopback' }, { path: '/readyz' }, reasons);
    expect([answer.statusCode, answer.json()]).toEqual([503, { status: 'not ready', reasons }]);
  });
});
