import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

const request = { operation: 'ssm:SendCommand', result: 'success', seconds: 0.003, isWaiting: false };

describe('metrics', () => {
  it('count requests by operation and result, and time those that do not wait', async () => {
    const metrics = createMetrics();
    metrics.recordRequest(request);
    metrics.recordRequest({ ...request, result: 'InvalidDocument' });
    metrics.recordRequest({ ...request, operation: 'ec2messages:GetMessages', seconds: 15, isWaiting: true });
    const { text } = await metrics.render();
    expect(text).toContain('patchbay_requests_total{operation="ssm:SendCommand",result="success"} 1');
    expect(text).toContain('patchbay_requests_total{operation="ssm:SendCommand",result="InvalidDocument"} 1');
    expect(text).toContain('patchbay_request_duration_seconds_bucket{le="0.005",operation="ssm:SendCommand"} 2');
    expect(text).not.toContain('patchbay_request_duration_seconds_count{operation="ec2messages:GetMessages"}');
  });

  it('count replies of agents that were refused', async () => {
    const metrics = createMetrics();
    const reply = { ...request, operation: 'ec2messages:SendReply' };
    metrics.recordRequest(reply);
    metrics.recordRequest({ ...reply, result: 'InvalidInstanceId' });
    const { text } = await metrics.render();
    expect(text).toMatch(/patchbay_agent_replies_refused_total\{.*"InvalidInstanceId"\} 1/);
    expect(text).not.toMatch(/patchbay_agent_replies_refused_total\{.*"success"\}/);
  });

  it('say how many polls wait now', async () => {
    const metrics = createMetrics();
    const [endOne] = [metrics.startWaiting(), metrics.startWaiting()];
    endOne?.();
    expect((await metrics.render()).text).toContain('patchbay_long_polls_waiting 1');
  });

  it('leave out a number that cannot be had, and forget values that are gone', async () => {
    const metrics = createMetrics();
    let answers: ReadonlyMap<string, number> | null = new Map([['Online', 3]]);
    const read = () => {
      if (answers === null) throw new Error('no database');
      return answers;
    };
    metrics.addGauge({ name: 'patchbay_nodes', help: 'Nodes.', label: 'ping_status', read });
    metrics.addGauge({ name: 'patchbay_one', help: 'One.', label: null, read: () => new Map([['', 1]]) });
    expect((await metrics.render()).text).toContain('patchbay_nodes{ping_status="Online"} 3');
    answers = new Map([['ConnectionLost', 3]]);
    expect((await metrics.render()).text).not.toContain('Online');
    answers = null;
    const { text } = await metrics.render();
    expect(text).not.toContain('patchbay_nodes{');
    expect(text).toContain('patchbay_one 1');
  });
});
