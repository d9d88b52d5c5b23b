import { createHmac, timingSafeEqual } from 'node:crypto';

function signatureOf(path: string, expires: string, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${path}\n${expires}`).digest();
}

/** An address on this server that whoever knows it may read until it expires: `/downloads/…?expires=…&signature=…`. */
export function signAddress(origin: string, path: string, expiresAt: Date, key: Uint8Array): string {
  const expires = String(Math.floor(expiresAt.getTime() / 1000));
  return `${origin}${path}?expires=${expires}&signature=${signatureOf(path, expires, key).toString('hex')}`;
}

/** Whether an address, path and query as they came, was signed here and still holds. */
export function checkAddress(rawUrl: string, now: Date, key: Uint8Array): 'valid' | 'expired' | 'forged' {
  const [path = '', query = ''] = rawUrl.split('?', 2);
  const [, expires = '', signature = ''] = /^expires=(\d{1,12})&signature=([0-9a-f]{64})$/.exec(query) ?? [];
  if (signature === '') return 'forged';
  if (!timingSafeEqual(Buffer.from(signature, 'hex'), signatureOf(path, expires, key))) return 'forged';
  return now.getTime() < Number(expires) * 1000 ? 'valid' : 'expired';
}
