/** How commands that judge end when the verdict is not the good one. */
const verdictExitCodes = { refuted: 3, notEnoughData: 4 } as const;

/**
 * Ends a command that did its work and has told its verdict, which is not the good one. No failure:
 * nothing more is said.
 */
export class VerdictExit extends Error {
  readonly exitCode: number;

  constructor(verdict: keyof typeof verdictExitCodes) {
    super(verdict);
    this.name = 'VerdictExit';
    this.exitCode = verdictExitCodes[verdict];
  }
}
