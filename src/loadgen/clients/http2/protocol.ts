/** Types of frames. Source: RFC 9113, section 6. */
export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames; what a bit means depends on the type. Source: RFC 9113, section 6. */
export const flags = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

/** Source: RFC 9113, section 6.5.2. */
export const settingIds = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** Names of the error codes, by their numbers. Source: RFC 9113, section 7. */
const errorNames = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const;

export type ErrorName = (typeof errorNames)[number];

/** The number of an error on the wire. */
export function errorCode(name: ErrorName): number {
  return errorNames.indexOf(name);
}

/** The name of an error by its number; the number itself for one that RFC 9113 does not know. */
export function errorName(code: number): string {
  return errorNames[code] ?? `error ${code}`;
}

export const frameHeadBytes = 9;

/** Windows and ids of streams have 31 bits. */
export const maxUint31: number = 2 ** 31 - 1;

/** What holds until an endpoint says otherwise. Source: RFC 9113, section 6.5.2. */
export const initialSettings = { windowBytes: 65_535, maxFrameBytes: 16_384 } as const;

/** The other side broke the protocol, so that the connection must end. */
export class ProtocolError extends Error {
  readonly errorName: ErrorName;

  constructor(name: ErrorName, message: string) {
    super(message);
    this.errorName = name;
  }
}
