/** What a record of evidence is of. */
export type EvidenceKind = 'bench' | 'prove';

/** What is known before a measurement begins. */
export interface EvidenceStart {
  readonly kind: EvidenceKind;
  /** The command line that makes the same measurement again. */
  readonly command: string;
  /** The folder that relative paths of the command start from. */
  readonly cwd: string;
  readonly url: string;
  readonly model?: string;
  readonly seed: number;
  /** The arrival law, inputs and limits, as given. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What the server says of itself: name, version, the model's effective configuration, its files. */
  readonly server: Readonly<Record<string, unknown>>;
}

/** Where a measurement is made: the machine, its load before the run, and versions of programs. */
export interface EvidencePlace {
  readonly machine: Readonly<Record<string, unknown>>;
  readonly versions: Readonly<Record<string, unknown>>;
}

/** One raw column; its values come back bit by bit as they were, NaNs included. */
export type EvidenceColumn = Float64Array | Float32Array | Uint32Array | Uint16Array | Uint8Array;

/** Raw columns of one run, such as `intendedMs`; all of one length but those of streams. */
export type EvidenceColumns = Readonly<Record<string, EvidenceColumn>>;

/** How a measurement ends that does not count as a whole. */
export interface BrokenOff {
  /** `partial` when it was stopped, `failed` when what was measured is not to be believed. */
  readonly state: 'failed' | 'partial';
  readonly reason: string;
  readonly result: unknown;
  readonly verdict?: string | undefined;
}

/** Writes one record while its measurement goes on. A process that dies leaves it marked partial. */
export interface EvidenceWriter extends Disposable {
  readonly id: string;
  /**
   * Keeps the samples of a run that has ended, whatever happens to this process afterwards.
   * @param about what else is known of the run, such as its warm-up and the reasons of errors.
   * @throws HeadwayError `resource_exhausted` when the disk is full; what was kept before stays.
   */
  addRun(name: string, columns: EvidenceColumns, about?: Readonly<Record<string, unknown>>): void;
  /**
   * Ends the record with the measurement's result, which is kept as JSON.
   * @throws HeadwayError `resource_exhausted` when the disk is full.
   */
  finish(result: unknown, verdict?: string): void;
  /**
   * Ends the record of a measurement that does not count as a whole, with what there is of it.
   * @throws HeadwayError `resource_exhausted` when the disk is full.
   */
  breakOff(ending: BrokenOff): void;
  /** Ends the record with why there is no result. Never throws: the reason itself matters more. */
  fail(reason: string): void;
}
