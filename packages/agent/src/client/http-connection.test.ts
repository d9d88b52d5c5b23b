import { describe, expect, it } from 'vitest';
import { checkEndpoint } from './http-connection.ts';

describe('the address of a control plane', () => {
  it.each(['http://127.0.0.1:8480', 'http://localhost:8480/', 'http://[::1]:8480', 'https://patchbay.example'])(
    'may be %s',
    (endpoint) => {
      expect(checkEndpoint(endpoint).href).toBe(endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
    },
  );

  it.each(['patchbay.example:8480', '', 'ftp://127.0.0.1', 'http://patchbay.example', 'http://127.0.0.1.example'])(
    'may not be %j',
    (endpoint) => {
      expect(() => checkEndpoint(endpoint)).toThrow(expect.objectContaining({ code: 'ENDPOINT_INVALID' }));
    },
  );
});
