import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signRequest } from '@patchbay/aws-wire/signing';
import { AdministratorAccess } from '@patchbay/server';
import type { z } from 'zod';

/** A control plane in a process of its own, with the embedded PostgreSQL (fsync on) and an empty data directory. */
export interface BenchedControlPlane {
  readonly access: AdministratorAccess;
  readonly processId: number;
  stop(): Promise<void>;
}

export async function startControlPlane(): Promise<BenchedControlPlane> {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-bench-'));
  const data = join(folder, 'data');
  const launcher = join(import.meta.dirname, '../patchbay');
  const words = ['up', '--data', data, '--port', '0', '--log-level', 'error', '--quota', 'patch-baselines=unlimited'];
  const child = spawn(launcher, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  let output = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (/^ready /m.test(output)) resolve();
    });
    child.on('close', () => reject(new Error(`The control plane ended: ${output}`)));
  });
  const access = AdministratorAccess.parse(JSON.parse(readFileSync(join(data, 'administrator.json'), 'utf8')));
  return {
    access,
    processId: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Calls SSM as the administrator and answers what it says. */
export async function callSsm<Answer extends z.ZodType>(
  access: AdministratorAccess,
  answer: Answer,
  operation: string,
  input: object,
): Promise<z.output<Answer>> {
  const url = new URL(access.endpoint);
  const body = Buffer.from(JSON.stringify(input));
  const plain = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `AmazonSSM.${operation}` };
  const headers = signRequest(
    { method: 'POST', url, headers: plain, body },
    { credentials: access, region: access.region, service: 'ssm', now: new Date() },
  );
  const response = await fetch(url, { method: 'POST', headers, body });
  if (!response.ok) throw new Error(`${operation}: ${await response.text()}`);
  return answer.parse(await response.json());
}

/** Seconds of processor time that a process has used so far (proc_pid_stat(5): utime and stime). */
export function readProcessorSeconds(processId: number): number {
  const stat = readFileSync(`/proc/${processId}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticksPerSecond = 100;
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Seconds of processor time of PostgreSQL with all its processes, those that have ended included. */
export function readDatabaseSeconds(controlPlane: number): number {
  const children = (parent: number) =>
    readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  const [postmaster] = children(controlPlane);
  if (postmaster === undefined) return Number.NaN;
  const stat = readFileSync(`/proc/${postmaster}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ended = (Number(fields[13]) + Number(fields[14])) / 100;
  return [postmaster, ...children(postmaster)].reduce((sum, pid) => sum + readProcessorSeconds(pid), ended);
}

/** Resident memory of a process in MiB, now and at its highest (proc_pid_status(5)). */
export function readMemoryMebibytes(processId: number): { readonly now: number; readonly highest: number } {
  const status = readFileSync(`/proc/${processId}/status`, 'utf8');
  const read = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024;
  return { now: read('VmRSS'), highest: read('VmHWM') };
}
