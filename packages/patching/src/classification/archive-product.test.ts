import { describe, expect, it } from 'vitest';
import { productOfArchive } from './archive-product.ts';

describe('the product of an archive', () => {
  it.each([
    ['Debian', 'bookworm', 'Debian12'],
    ['Debian', 'bookworm-security', 'Debian12'],
    ['Debian Backports', 'trixie-backports', 'Debian13'],
    ['Ubuntu', 'noble', 'Ubuntu24.04'],
    ['UbuntuESM', 'xenial', 'Ubuntu16.04'],
    ['Raspbian', 'bullseye', 'Raspbian11'],
  ])('of %s %s is %s', (origin, codename, product) => {
    expect(productOfArchive({ origin, codename })?.product).toBe(product);
  });

  it.each([
    ['Vendor', 'bookworm'],
    ['Debian', 'sid'],
    ['Debian', 'constructor'],
  ])('of %s %s is not known', (origin, codename) => {
    expect(productOfArchive({ origin, codename })).toBeNull();
  });
});
