import type { HeldBytes } from '../http/held-bytes.ts';
import type { Frame } from './codec/frames.ts';

export interface UnpackQueueOptions {
  readonly unpack: (frame: Frame, held: HeldBytes) => Promise<Buffer>;
  readonly onMessage: (message: Buffer, done: () => void) => void;
  readonly onFailure: (thrown: unknown) => void;
  /** Whether what waits is still wanted. */
  readonly isOver: () => boolean;
  /** Called when another one waits, or one less. */
  readonly onChange: () => void;
}

/** Hands the messages of a stream on in their order, compressed ones when they are decompressed. */
export interface UnpackQueue {
  add(frame: Frame, held: HeldBytes): void;
  /** Whether no more should be read for now. */
  isFull(): boolean;
  /** Settles when what was added is handed on. */
  settled(): Promise<void>;
}

/** Messages that wait to be decompressed, or behind such. */
const maxWaiting = 128;

export function createUnpackQueue(options: UnpackQueueOptions): UnpackQueue {
  const { onMessage, isOver } = options;
  let last: Promise<void> | undefined;
  let waitingCount = 0;

  async function handOn(frame: Frame, held: HeldBytes, after: Promise<void> | undefined) {
    try {
      await after;
      const isNeeded = frame.isCompressed && !isOver();
      const bytes = isNeeded ? await options.unpack(frame, held) : frame.bytes;
      if (isOver()) held.release();
      else onMessage(bytes, held.release);
    } catch (thrown) {
      held.release();
      options.onFailure(thrown);
    } finally {
      waitingCount -= 1;
      if (waitingCount === 0) last = undefined;
      options.onChange();
    }
  }

  return {
    add(frame, held) {
      if (last === undefined && !frame.isCompressed) {
        onMessage(frame.bytes, held.release);
        return;
      }
      waitingCount += 1;
      last = handOn(frame, held, last);
      options.onChange();
    },
    isFull: () => waitingCount >= maxWaiting,
    settled: () => last ?? Promise.resolve(),
  };
}
