import { AppError } from '@patchbay/facts';

/** Text that could not be read as what it should be. It is never skipped: what is not understood is unknown. */
export class ParseError extends AppError<'UNREADABLE_FILE' | 'UNREADABLE_OUTPUT'> {
  /** Counted from 1. */
  readonly line: number;

  constructor(code: ParseError['code'], what: string, line: number, problem: string) {
    super(code, `${what}, line ${line}: ${problem}`);
    this.line = line;
  }
}
