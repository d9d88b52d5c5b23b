import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { withTestServer } from './test-support/test-server.ts';

describe('what is hardly HTTP', () => {
  const server = withTestServer();

  async function sendBytes(bytes: string): Promise<{ readonly head: string; readonly body: unknown }> {
    const socket = connect(Number(new URL(server().url).port), '127.0.0.1').setEncoding('latin1');
    let text = '';
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.write(bytes);
    await once(socket, 'close');
    const [head = '', body = ''] = text.split('\r\n\r\n');
    return { head, body: JSON.parse(body) };
  }

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', '400 Bad Request', 'SerializationException'],
    [
      'a chunk without a length',
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      '400 Bad Request',
      'SerializationException',
    ],
    [
      'too large a head',
      `POST / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(70_000)}\r\n\r\n`,
      '431 Request Header Fields Too Large',
      'RequestHeaderFieldsTooLargeException',
    ],
    [
      'no Host',
      'POST / HTTP/1.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
      '400 Bad Request',
      'UnknownOperationException',
    ],
    [
      'an expectation that nobody knows',
      'POST / HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
      '400 Bad Request',
      'UnknownOperationException',
    ],
  ])("%s is refused in AWS's form", async (_what, bytes, status, type) => {
    const { head, body } = await sendBytes(bytes);
    expect(head).toContain(`HTTP/1.1 ${status}\r\n`);
    expect(head.toLowerCase()).toContain('content-type: application/x-amz-json-1.1\r\n');
    expect(head.toLowerCase()).toMatch(/x-amzn-requestid: [0-9a-f-]{36}\r\n/);
    expect(head).toMatch(/\r\ndate: /i);
    expect(body).toMatchObject({ __type: type });
  });
});
