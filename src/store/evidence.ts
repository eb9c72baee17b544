/** What a record of evidence is of. */
export type EvidenceKind = 'bench' | 'prove';

/** What is known before a measurement begins. */
export interface EvidenceStart {
  readonly kind: EvidenceKind;
  /** The command line that makes the same measurement again. */
  readonly command: string;
  readonly url: string;
  readonly model?: string;
  readonly seed: number;
  /** The arrival law, inputs and limits, as given. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What the server says of itself: name, version, the model's effective configuration, its hash. */
  readonly server: Readonly<Record<string, unknown>>;
}

/** Raw columns of one run, such as `intendedMs`; all of one length but those of streams. */
export type EvidenceColumns = Readonly<
  Record<string, Float64Array | Float32Array | Uint32Array | Uint16Array | Uint8Array>
>;

/** Writes one record while its measurement goes on. A process that dies leaves it marked partial. */
export interface EvidenceWriter extends Disposable {
  readonly id: string;
  addRun(name: string, columns: EvidenceColumns): void;
  finish(result: unknown, verdict?: string): void;
  fail(reason: string): void;
}
