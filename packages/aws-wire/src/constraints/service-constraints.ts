/** What AWS's model says of one shape beyond its type; lists and maps refer to other entries by name. */
export interface ConstraintNode {
  readonly enum?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  /** A Java regular expression. */
  readonly pattern?: string;
  readonly number?: 'integer' | 'long' | 'float';
  readonly element?: string;
  readonly key?: string;
  readonly value?: string;
}

/** The constraints of one service, generated from botocore's model; see `tools/constraints/generate.ts`. */
export interface ServiceConstraints {
  /** For instance `botocore 1.43.11, ssm 2014-11-06`. */
  readonly source: string;
  readonly operations: Readonly<Record<string, { readonly errors?: readonly string[] }>>;
  /** Input structures only, members by wire name. */
  readonly structures: Readonly<
    Record<string, { readonly required?: readonly string[]; readonly members?: Readonly<Record<string, string>> }>
  >;
  readonly shapes: Readonly<Record<string, ConstraintNode>>;
}
