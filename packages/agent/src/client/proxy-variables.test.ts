import { describe, expect, it } from 'vitest';
import { readProxyVariables } from './proxy-variables.ts';

describe('readProxyVariables', () => {
  it('takes either spelling, the small one first, and nothing that is empty or something else', () => {
    const environment = { HTTPS_PROXY: 'http://a:1', http_proxy: 'http://b:2', HTTP_PROXY: 'http://c:3', no_proxy: '' };
    expect(readProxyVariables({ ...environment, PATH: '/bin' })).toEqual({
      https_proxy: 'http://a:1',
      http_proxy: 'http://b:2',
    });
  });
});
