import { AppError } from '@patchbay/facts';

export class RetentionError extends AppError<'RETENTION_RULE'> {}

/** For how many days things are kept. */
export interface RetentionPolicy {
  /** Facts as nodes submitted them. A node's newest stay, and so does everything that was first seen. */
  readonly facts: number;
  /** Verdicts of scans and installs. A node's newest stays. */
  readonly verdicts: number;
  /** Scans and installs themselves, plans, commands, what ran in maintenance windows. */
  readonly transactions: number;
  readonly audit: number;
  /** What commands wrote. */
  readonly commandOutput: number;
  /** Within which a repeated call with a client token is recognised. */
  readonly clientTokens: number;
}

export const defaultRetention: RetentionPolicy = {
  facts: 90,
  verdicts: 400,
  transactions: 2557,
  audit: 2557,
  commandOutput: 30,
  clientTokens: 7,
};

const names = new Map<string, keyof RetentionPolicy>([
  ['facts', 'facts'],
  ['verdicts', 'verdicts'],
  ['transactions', 'transactions'],
  ['audit', 'audit'],
  ['command-output', 'commandOutput'],
  ['client-tokens', 'clientTokens'],
]);

/**
 * The policy of `--retain NAME=DAYS` over the defaults.
 * @throws RetentionError RETENTION_RULE
 */
export function readRetention(rules: readonly string[]): RetentionPolicy {
  const policy = { ...defaultRetention };
  for (const rule of rules) {
    const [, name = '', days = ''] = /^([a-z-]+)=(\d{1,5})$/.exec(rule) ?? [];
    const key = names.get(name);
    if (key === undefined || Number(days) < 1) {
      const known = [...names.keys()].join(', ');
      throw new RetentionError('RETENTION_RULE', `${JSON.stringify(rule)} is not NAME=DAYS with a NAME of ${known}.`);
    }
    policy[key] = Number(days);
  }
  return policy;
}
