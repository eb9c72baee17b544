import type { InputSpec, NamedTensors } from '../../core/tensor.ts';

/** A part of a run and how long it took. */
export interface Stage {
  readonly name: string;
  readonly durationMs: number;
}

/** One run of a model. */
export interface PredictionRun {
  readonly outputs: NamedTensors;
  /** From giving the inputs to having the outputs. */
  readonly durationMs: number;
  /** Where the time went, as far as the target tells. */
  readonly stages: readonly Stage[];
}

/** A model that can be run, wherever it is. */
export interface PredictionTarget extends AsyncDisposable {
  /** The model's name. */
  readonly model: string;
  /** How long loading it took; `undefined` when a server has it. */
  readonly loadMs: number | undefined;
  readonly inputs: readonly InputSpec[];
  /** Class labels by output, where they are known. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
  run(inputs: NamedTensors): Promise<PredictionRun>;
}
