import { ParameterError } from './errors.ts';
import type { ParameterTier } from './tables.ts';

const mostBytes: Readonly<Record<ParameterTier, number>> = { Standard: 4096, Advanced: 8192 };

export interface TierQuestion {
  /** As the caller wants it; AWS's default is Standard. */
  readonly wanted: 'Standard' | 'Advanced' | 'Intelligent-Tiering' | undefined;
  readonly current: ParameterTier | undefined;
  readonly valueBytes: number;
  readonly hasPolicies: boolean;
  /** There are as many standard parameters as there may be, and this would be one more. */
  readonly isStandardFull: boolean;
}

function invalid(message: string): ParameterError {
  return new ParameterError('PARAMETER_INVALID', message);
}

function chooseTier({ wanted, current, valueBytes, hasPolicies, isStandardFull }: TierQuestion): ParameterTier {
  if (wanted === 'Advanced' || current === 'Advanced') return 'Advanced';
  const needsAdvanced = valueBytes > mostBytes.Standard || hasPolicies || isStandardFull;
  return wanted === 'Intelligent-Tiering' && needsAdvanced ? 'Advanced' : 'Standard';
}

/** Decides in which tier a parameter is stored and refuses what that tier cannot hold (PutParameter, Tier). */
export function decideTier(question: TierQuestion): ParameterTier {
  if (question.wanted === 'Standard' && question.current === 'Advanced') {
    throw invalid(
      'This parameter uses the advanced-parameter tier, which cannot become the standard-parameter tier again. Delete the parameter and create it anew, if need be.',
    );
  }
  const tier = chooseTier(question);
  if (question.valueBytes > mostBytes[tier]) {
    const advice = tier === 'Standard' ? ' Use the advanced-parameter tier for a larger one.' : '';
    throw invalid(
      `${tier} tier parameters support a maximum parameter value of ${mostBytes[tier]} characters (bytes in UTF-8).${advice}`,
    );
  }
  if (tier === 'Standard' && question.hasPolicies) {
    throw invalid('Parameter policies are for the advanced-parameter tier: set Tier to Advanced.');
  }
  return tier;
}
