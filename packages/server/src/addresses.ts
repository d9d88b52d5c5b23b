import { isIP } from 'node:net';

/** Whether only this machine reaches what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Whether it stands for all addresses of the machine, and so is no address to call. */
export function isEveryAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
