/**
 * AWS's defaults for how much an account may have in a region (AWS General Reference, quotas of Systems Manager and of EC2
 * Image Builder; those of Image Builder's resources were not checked against it).
 */
export const defaultQuotas = {
  'patch-baselines': 50,
  'patch-groups-per-baseline': 25,
  'maintenance-windows': 50,
  'targets-per-maintenance-window': 100,
  'tasks-per-maintenance-window': 20,
  'standard-parameters': 10_000,
  'advanced-parameters': 100_000,
  documents: 500,
  'versions-per-document': 1000,
  'infrastructure-configurations': 1000,
  'component-builds': 10_000,
  'container-recipes': 1000,
  'image-recipes': 1000,
  'distribution-configurations': 1000,
  'image-pipelines': 75,
} as const;

export type QuotaName = keyof typeof defaultQuotas;

/** How many of each thing there may be; `Infinity` for any number. */
export type Quotas = Readonly<Record<QuotaName, number>>;

function isQuotaName(name: string): name is QuotaName {
  return Object.hasOwn(defaultQuotas, name);
}

/** Reads `patch-baselines=100` or `patch-baselines=unlimited`; answers what is wrong with a text that says neither. */
export function parseQuotas(texts: readonly string[]): Quotas | { readonly problem: string } {
  const quotas: Record<QuotaName, number> = { ...defaultQuotas };
  for (const text of texts) {
    const [name = '', value = '', ...rest] = text.split('=');
    if (!isQuotaName(name)) {
      return { problem: `there is no quota ${name}; known are ${Object.keys(defaultQuotas).join(', ')}` };
    }
    if (rest.length > 0 || !/^(\d{1,9}|unlimited)$/.test(value)) {
      return { problem: `${text} must look like ${name}=100 or ${name}=unlimited` };
    }
    quotas[name] = value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value);
  }
  return quotas;
}
