/** Why a version could not be ordered. Decide on `code`; this package imports nothing, so it brings its own base. */
export class VersionError extends Error {
  readonly code: 'INVALID_VERSION' | 'UNKNOWN_SCHEME';

  constructor(code: VersionError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VersionError';
    this.code = code;
  }
}
