/** A picture in memory: rows from the top, pixels from the left, three bytes red, green, blue. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** `width * height * 3` bytes. */
  readonly data: Uint8Array;
}
