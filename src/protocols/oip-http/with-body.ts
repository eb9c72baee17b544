import { readBody } from '../http/body.ts';
import type { BodyLimits, ByteBudget } from '../http/limits.ts';
import type { HttpExchange } from '../http/route.ts';

export interface BodyRouteOptions {
  readonly limits: BodyLimits;
  readonly budget: ByteBudget;
}

/** Reads a body, decodes it and gives its memory back. */
export async function withBody<T>(
  { request }: HttpExchange,
  { limits, budget }: BodyRouteOptions,
  decode: (body: Uint8Array) => T,
): Promise<T> {
  const { maxBodyBytes: maxBytes } = limits;
  const { bytes, heldBytes } = await readBody(request, {
    maxBytes,
    isJson: true,
    budget,
    alignedOffset: 0,
  });
  try {
    return decode(bytes);
  } finally {
    budget.release(heldBytes);
  }
}
