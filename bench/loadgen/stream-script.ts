/** What the scripted server does for every request, from when its head is read. */
export const firstTokenMs = 60;

/** The waits between its chunks: short and long ones, whole milliseconds and others. */
export const gapsMs: readonly number[] = [
  10, 5, 20, 2.5, 40, 10, 7.3, 15, 1, 30, 12.5, 10, 3, 25, 10, 6,
];

/** What the server really did for one request. */
export interface ServedStream {
  /** Which request it was, as its member `user` says. */
  readonly index: number;
  /** When each chunk was written, from when the request's head was read. */
  readonly writtenMs: readonly number[];
}
