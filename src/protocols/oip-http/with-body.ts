import { readBody } from '../http/body.ts';
import type { BodyLimits, ByteBudget } from '../http/limits.ts';
import type { HttpExchange } from '../http/route.ts';

export interface BodyRouteOptions {
  readonly limits: BodyLimits;
  readonly budget: ByteBudget;
}

/** Reads a body, makes use of it and, once that is done, gives its memory back. */
export async function withBody<T>(
  { request }: HttpExchange,
  { limits, budget }: BodyRouteOptions,
  use: (body: Uint8Array) => T | Promise<T>,
): Promise<T> {
  const { maxBodyBytes: maxBytes } = limits;
  const { bytes, held } = await readBody(request, {
    maxBytes,
    isJson: true,
    budget,
    alignedOffset: 0,
  });
  try {
    return await use(bytes);
  } finally {
    held.release();
  }
}
