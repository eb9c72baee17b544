import { type MessageTable, enumOf, field, text } from './message.ts';

/** grpc.health.v1.HealthCheckRequest. */
export interface HealthRequest {
  readonly service: string;
}

export const healthRequest: MessageTable<HealthRequest> = { service: field(1, text) };

export const healthStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;

/** grpc.health.v1.HealthCheckResponse; its status is one of `healthStatuses`. */
export interface HealthAnswer {
  readonly status: string;
}

export const healthAnswer: MessageTable<HealthAnswer> = {
  status: field(1, enumOf(...healthStatuses)),
};
