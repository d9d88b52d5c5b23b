import {
  DescribePatchPropertiesCommand,
  type DescribePatchPropertiesCommandInput,
  type OperatingSystem,
  type PatchProperty,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { withTestServer } from '../../../test-support/test-server.ts';

describe('patch properties', () => {
  const server = withTestServer();

  async function list(
    system: OperatingSystem,
    Property: PatchProperty,
    more: Partial<DescribePatchPropertiesCommandInput> = {},
  ) {
    return await server().ssm.send(new DescribePatchPropertiesCommand({ OperatingSystem: system, Property, ...more }));
  }

  it('are one map for each value', async () => {
    const { Properties, NextToken } = await list('DEBIAN', 'PRIORITY');
    expect(Properties).toEqual([
      { Name: 'Required' },
      { Name: 'Important' },
      { Name: 'Standard' },
      { Name: 'Optional' },
      { Name: 'Extra' },
    ]);
    expect(NextToken).toBeUndefined();
    expect((await list('DEBIAN', 'PRODUCT')).Properties).toContainEqual({ Name: 'Debian12' });
  });

  it('come in pages', async () => {
    const whole = (await list('ORACLE_LINUX', 'PRODUCT')).Properties;
    const seen = [];
    let NextToken: string | undefined;
    do {
      const page = await list('ORACLE_LINUX', 'PRODUCT', { MaxResults: 4, NextToken });
      expect(page.Properties?.length).toBeLessThanOrEqual(4);
      seen.push(...(page.Properties ?? []));
      NextToken = page.NextToken;
    } while (NextToken);
    expect(seen).toEqual(whole);
    const { NextToken: foreign } = await list('ORACLE_LINUX', 'PRODUCT', { MaxResults: 4 });
    await expect(list('SUSE', 'PRODUCT', { MaxResults: 4, NextToken: foreign })).rejects.toMatchObject({
      name: 'InvalidNextToken',
    });
  });

  it('are refused where the system has none of that name, and outside of the limits', async () => {
    await expect(list('DEBIAN', 'SEVERITY')).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'Invalid Property: SEVERITY for Operating System: DEBIAN, valid properties are: PRODUCT, PRIORITY',
    });
    await expect(list('DEBIAN', 'PRODUCT', { MaxResults: 51 })).rejects.toMatchObject({ name: 'ValidationException' });
    const unknown: string = 'COLOUR';
    await expect(list('DEBIAN', unknown as PatchProperty)).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
