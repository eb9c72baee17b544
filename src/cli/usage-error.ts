import { HeadwayError } from '../core/error.ts';

/** The command line asks for what cannot be: the program ends as for any other wrong usage. */
export class UsageError extends HeadwayError {
  constructor(message: string) {
    super('invalid_argument', message);
    this.name = 'UsageError';
  }
}
