import type { Clock } from '../../core/clock.ts';
import type { InferenceServer } from '../../server/interface.ts';
import type { BodyLimits } from '../http/limits.ts';
import { createHealthMethods } from './health.ts';
import { createInferMethod } from './infer.ts';
import type { GrpcMethod } from './method.ts';
import { createModelMethods } from './model-methods.ts';
import { createRepositoryMethods } from './repository-methods.ts';
import { createSettingsMethods } from './settings-methods.ts';
import { createSharedMemoryMethods } from './shared-memory-methods.ts';
import { createStreamInferMethod } from './stream-infer.ts';

export interface OipGrpcOptions {
  readonly server: InferenceServer;
  readonly clock: Clock;
  readonly limits: BodyLimits;
  /** Which metadata becomes parameters of infer requests; none without it. */
  readonly headerPattern?: RegExp | undefined;
}

/**
 * The methods of inference.GRPCInferenceService, the Open Inference Protocol with Triton's
 * extensions, and of grpc.health.v1.Health.
 */
export function createOipGrpcMethods(options: OipGrpcOptions): readonly GrpcMethod[] {
  const { server, clock, headerPattern } = options;
  const { maxBodyBytes } = options.limits;
  const infer = { server, clock, maxTypedBytes: maxBodyBytes, headerPattern };
  return [
    createInferMethod(infer),
    createStreamInferMethod(infer),
    ...createModelMethods(server),
    ...createRepositoryMethods(server, maxBodyBytes),
    ...createSharedMemoryMethods(server),
    ...createSettingsMethods(server),
    ...createHealthMethods({ server, clock }),
  ];
}
