/** How requests arrive. Rates are requests per second. */
export type Arrival =
  /** As from many independent users. */
  | { readonly kind: 'poisson'; readonly rate: number }
  | { readonly kind: 'constant'; readonly rate: number }
  /**
   * Gaps from a gamma distribution with this shape: 1 is Poisson, less is in bursts, more is more
   * even.
   */
  | { readonly kind: 'gamma'; readonly rate: number; readonly burstiness: number }
  /** Poisson at `rate` for `onMs`, then nothing for `offMs`, again and again. */
  | {
      readonly kind: 'bursts';
      readonly rate: number;
      readonly onMs: number;
      readonly offMs: number;
    }
  /** Poisson at a rate that moves evenly; the warm-up has the first one. */
  | { readonly kind: 'ramp'; readonly fromRate: number; readonly toRate: number }
  /** Poisson at one rate after the other; the warm-up has the first one, the last one goes on. */
  | { readonly kind: 'steps'; readonly steps: readonly LoadStep[] }
  | { readonly kind: 'trace'; readonly trace: ArrivalTrace };

export interface LoadStep {
  readonly rate: number;
  readonly durationMs: number;
}

/** Arrivals that were recorded or written down. */
export interface ArrivalTrace {
  /** Milliseconds since the run begins, never going back. */
  readonly intendedMs: Float64Array;
  /** The input each one sends. */
  readonly inputs?: Uint32Array;
}
