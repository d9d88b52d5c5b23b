import data from './imagebuilder.generated.json' with { type: 'json' };
import type { ConstraintNode, ServiceConstraints } from './service-constraints.ts';

/** What botocore's model of EC2 Image Builder says beyond the SDK's schemas. */
export const imageBuilderConstraints: ServiceConstraints = {
  ...data,
  // A JSON module types `number` as string; the generator writes only what ConstraintNode names.
  shapes: data.shapes as Readonly<Record<string, ConstraintNode>>,
};
