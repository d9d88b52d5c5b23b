import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { runTool, type ToolResult, tryTool } from '../support/run-tool.ts';
import { buildDiskImage } from './disk-image.ts';

/** From inside a machine this address is the host's loopback (qemu-system-x86_64(1), -netdev user). */
export const hostAddress = '10.0.2.2';

/** A Debian machine in software emulation: it boots, has systemd, and can lose its power. */
export interface VirtualMachine {
  /** Runs a shell script as root over SSH. */
  run(script: string): Promise<ToolResult>;
  /** The same, and throws when it fails. */
  expect(script: string): Promise<string>;
  copyIn(hostPath: string, path: string): Promise<void>;
  bootId(): Promise<string>;
  /** Waits until it has booted again after a boot with this id. */
  waitForAnotherBoot(bootId: string): Promise<void>;
  /** Takes the power away: nothing in the machine learns of it. */
  cutPower(): Promise<void>;
  /** Boots it and waits until SSH answers. */
  start(): Promise<void>;
  /** What the serial console showed. */
  console(): Promise<string>;
  /** Cuts the cable of its only network card, or plugs it in again. */
  setNetwork(isConnected: boolean): Promise<void>;
}

const bootMilliseconds = 300_000;

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('No port was given');
  return address.port;
}

/** Builds a disk in the work directory and answers a machine that is not started yet. */
export async function createVirtualMachine(workDirectory: string): Promise<VirtualMachine> {
  const key = join(workDirectory, 'ssh-key');
  await runTool(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const disk = await buildDiskImage(workDirectory, await readFile(`${key}.pub`, 'utf8'));
  const consoleFile = join(workDirectory, 'console.log');
  const monitorSocket = join(workDirectory, 'monitor');
  const port = await findFreePort();
  const sshOptions = [
    '-i',
    key,
    '-oStrictHostKeyChecking=no',
    '-oUserKnownHostsFile=/dev/null',
    '-oLogLevel=ERROR',
    '-oConnectTimeout=20',
    '-oServerAliveInterval=15',
  ] as const;
  let child: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();

  const machine: VirtualMachine = {
    run: (script) => tryTool(['ssh', ...sshOptions, '-p', `${port}`, 'root@127.0.0.1', 'sh', '-s'], script),
    async expect(script) {
      const { exitCode, stdout, stderr } = await machine.run(script);
      if (exitCode !== 0) throw new Error(`In the machine, ${script} ended with ${exitCode}: ${stderr}${stdout}`);
      return stdout.trim();
    },
    async copyIn(hostPath, path) {
      await runTool(['scp', ...sshOptions, '-P', `${port}`, '-q', hostPath, `root@127.0.0.1:${path}`]);
    },
    bootId: () => machine.expect('cat /proc/sys/kernel/random/boot_id'),
    async waitForAnotherBoot(bootId) {
      await waitUntil(async () => {
        const { exitCode, stdout } = await machine.run('cat /proc/sys/kernel/random/boot_id');
        return exitCode === 0 && stdout.trim() !== bootId;
      }, 'the machine to boot again');
    },
    async cutPower() {
      child?.kill('SIGKILL');
      await ended;
    },
    async start() {
      const log = await open(consoleFile, 'a');
      child = spawn(
        'qemu-system-x86_64',
        [
          '-machine pc,accel=tcg -cpu max -smp 2 -m 1536 -display none -serial stdio',
          '-device virtio-rng-pci -device virtio-net-pci,netdev=net0,id=card0',
          `-netdev user,id=net0,hostfwd=tcp:127.0.0.1:${port}-:22`,
          `-drive file=${disk},format=raw,if=virtio -monitor unix:${monitorSocket},server,nowait`,
        ].flatMap((words) => words.split(' ')),
        { stdio: ['ignore', log.fd, log.fd] },
      );
      ended = once(child, 'close');
      await log.close();
      await waitUntil(async () => {
        if (child?.exitCode !== null) throw new Error(`QEMU ended: ${(await machine.console()).slice(-2000)}`);
        return (await machine.run('true')).exitCode === 0;
      }, 'the machine to boot');
    },
    console: () => readFile(consoleFile, 'utf8'),
    async setNetwork(isConnected) {
      const monitor = createConnection(monitorSocket);
      monitor.end(`set_link card0 ${isConnected ? 'on' : 'off'}\n`);
      monitor.resume();
      await once(monitor, 'close');
    },
  };
  return machine;

  async function waitUntil(isTrue: () => Promise<boolean>, what: string): Promise<void> {
    const deadline = Date.now() + bootMilliseconds;
    while (!(await isTrue())) {
      if (Date.now() > deadline) {
        throw new Error(`Waited in vain for ${what}. The console: ${(await machine.console()).slice(-3000)}`);
      }
      await wait(1000);
    }
  }
}
