/** What a value may be beyond its type. The texts of violations are AWS's; see `constraints/`. */
export interface Constraints {
  /** Length of a text, list, map or blob; value of a number. */
  readonly min?: number;
  readonly max?: number;
  /** A Java regular expression as AWS's model spells it; the whole value must match. */
  readonly pattern?: string;
  readonly enumValues?: readonly string[];
}

interface ShapeCommon {
  readonly constraints?: Constraints;
  /** Never shown in errors or logs. */
  readonly sensitive?: boolean;
}

export interface StringShape extends ShapeCommon {
  readonly kind: 'string';
}
/** `float` is also what a number is where the schema says no more than "number". */
export interface NumberShape extends ShapeCommon {
  readonly kind: 'integer' | 'long' | 'float';
}
export interface BooleanShape extends ShapeCommon {
  readonly kind: 'boolean';
}
/** A Date inside; on the wire as the format says. */
export interface TimestampShape extends ShapeCommon {
  readonly kind: 'timestamp';
  readonly format: 'epoch-seconds' | 'date-time' | 'http-date';
}
/** A Uint8Array inside; base64 on the wire. */
export interface BlobShape extends ShapeCommon {
  readonly kind: 'blob';
}
/** Any JSON, passed through as it is. */
export interface DocumentShape extends ShapeCommon {
  readonly kind: 'document';
}
export interface ListShape extends ShapeCommon {
  readonly kind: 'list';
  readonly element: Shape;
  readonly sparse: boolean;
}
/** A plain object inside; its keys stay as they are on the wire. */
export interface MapShape extends ShapeCommon {
  readonly kind: 'map';
  readonly key: StringShape;
  readonly value: Shape;
  readonly sparse: boolean;
}
export interface StructureShape extends ShapeCommon {
  readonly kind: 'structure';
  /** AWS's name of the shape, for instance `PatchRule`. */
  readonly name: string;
  /** A union holds exactly one of its members. */
  readonly isUnion: boolean;
  readonly members: readonly MemberShape[];
}

export interface MemberShape {
  /** Inside: camelCase, a leading run of capitals lowered. */
  readonly name: string;
  /** On the wire (the schema's jsonName where it has one). */
  readonly wireName: string;
  readonly required: boolean;
  readonly idempotencyToken: boolean;
  readonly shape: Shape;
  /** Only in REST protocols, for input that is not in the body. */
  readonly httpLocation?: HttpLocation;
}

/** Where a request carries a member outside of its body: as a label of the path, or under a name in the query. */
export type HttpLocation = { readonly in: 'path' } | { readonly in: 'query'; readonly name: string };

export type Shape =
  | StructureShape
  | ListShape
  | MapShape
  | StringShape
  | NumberShape
  | BooleanShape
  | TimestampShape
  | BlobShape
  | DocumentShape;

export interface HttpBinding {
  readonly method: string;
  /** A template: `/tags/{resourceArn}`. */
  readonly path: string;
  readonly statusCode: number;
}

export interface OperationShape {
  readonly name: string;
  readonly input: StructureShape;
  readonly output: StructureShape;
  /** Names of the errors that the model declares; empty where no model says. */
  readonly errors: readonly string[];
  /** Only in REST protocols. */
  readonly http?: HttpBinding;
}

/** A modelled error: how its members are spelled on the wire. */
export interface ErrorShape {
  readonly name: string;
  readonly fault: 'client' | 'server';
  readonly structure: StructureShape;
  /** Only in REST protocols. */
  readonly statusCode?: number;
}

/** `KBId` → `kbId`, `CVEIds` → `cveIds`, `InstanceId` → `instanceId`: the leading run of capitals in lower case. */
export function toMemberName(wireName: string): string {
  // The last capital of a run starts the next word when a small letter follows, as the I of KBId does.
  return wireName.replace(/^(?:[A-Z]+(?![a-z])|[A-Z])/, (run) => run.toLowerCase());
}
