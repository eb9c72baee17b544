/** A chart of a report, as plain data: the report carries it, and its script reads it. */
export interface Chart {
  readonly id: string;
  readonly title: string;
  /** What one reads off it, and what was left out. */
  readonly note: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Straight lines at values of `y`, such as the limit of an SLO. */
  readonly marks?: readonly Mark[];
}

export interface Axis {
  /** With its unit. */
  readonly label: string;
  /** `spectrum` is logarithmic in values of 1/(1 − p), and written as percentiles. */
  readonly scale: 'linear' | 'log' | 'spectrum';
}

/** Values by ascending `x`. */
export interface Series {
  readonly name: string;
  /** `steps` hold each value until the next; `band` fills what is between `low` and `y`. */
  readonly kind: 'line' | 'steps' | 'points' | 'band';
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly low?: readonly number[];
}

export interface Mark {
  readonly name: string;
  readonly y: number;
}

/** What of a chart is looked at. */
export interface ChartView {
  readonly from: number;
  readonly to: number;
  /** Places of the series that are not shown. */
  readonly hidden: readonly number[];
  /** Where the cursor is, in values of `x`. */
  readonly cursor?: number;
}
