type IsUpper<Letter extends string> = Letter extends Lowercase<Letter> ? false : true;

type LowerRun<Name extends string> = Name extends `${infer First}${infer Second}${infer Rest}`
  ? IsUpper<First> extends true
    ? IsUpper<Second> extends true
      ? `${Lowercase<First>}${LowerRun<`${Second}${Rest}`>}`
      : Name
    : Name
  : Lowercase<Name>;

/** A member's name inside: a leading run of capitals lowered, `KBId` → `kbId`, `InstanceId` → `instanceId`. */
export type CamelCasedName<Name extends string> = Name extends `${infer First}${infer Second}${infer Rest}`
  ? IsUpper<First> extends true
    ? IsUpper<Second> extends true
      ? LowerRun<Name>
      : `${Lowercase<First>}${Second}${Rest}`
    : Name
  : Lowercase<Name>;

/**
 * The shape that the wire engine hands to an operation, from the type that the SDK publishes: members renamed, maps
 * left as they are, absent members absent.
 */
export type CamelCased<Shape> = Shape extends Date | Uint8Array | string | number | boolean | undefined
  ? Shape
  : Shape extends readonly (infer Element)[]
    ? CamelCased<Element>[]
    : string extends keyof Shape
      ? { [Key in keyof Shape]: CamelCased<Shape[Key]> }
      : { [Key in keyof Shape as Key extends string ? CamelCasedName<Key> : Key]: CamelCased<Shape[Key]> };
