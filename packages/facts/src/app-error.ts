/**
 * The base of every error that code decides on: a code from a closed set, a message for people. Decide on `code`,
 * never on the message.
 */
export class AppError<Code extends string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}
