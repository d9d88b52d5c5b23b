/**
 * The base of this package's errors: a code from a closed set, a message for people. It has the form of AppError of
 * `@patchbay/facts`, which this package may not import.
 */
export class CodedError<Code extends string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}
