import type { ConstraintNode, ServiceConstraints } from './service-constraints.ts';
import data from './ssm.generated.json' with { type: 'json' };

/** What botocore's model of SSM says beyond the SDK's schemas. */
export const ssmConstraints: ServiceConstraints = {
  ...data,
  // A JSON module types `number` as string; the generator writes only what ConstraintNode names.
  shapes: data.shapes as Readonly<Record<string, ConstraintNode>>,
};
