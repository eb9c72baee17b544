import type { DynamicBatching, QueuePolicy } from '../config/model-config.ts';

/** The level a request waits at: its own where the model has it, otherwise the default one. */
export function levelOf(priority: number, scheduling: DynamicBatching): number {
  if (priority >= 1 && priority <= scheduling.priorityLevels) return priority;
  return scheduling.priorityLevels > 0 ? scheduling.defaultPriorityLevel : 1;
}

/** The queue policy of a priority level. */
export function policyAt(level: number, scheduling: DynamicBatching): QueuePolicy {
  return scheduling.priorityQueuePolicies.get(level) ?? scheduling.defaultQueuePolicy;
}

/**
 * How long a request may wait, in milliseconds; `Infinity` for ever. Its own timeout always counts
 * where it is shorter than the level's default or the level has none; a longer one only where the
 * policy allows it.
 * @param ownTimeoutMs the request's own timeout; 0 for none.
 */
export function queueTimeoutMs(ownTimeoutMs: number, policy: QueuePolicy): number {
  const defaultMs = policy.defaultTimeoutMicroseconds / 1000;
  if (ownTimeoutMs <= 0) return defaultMs > 0 ? defaultMs : Infinity;
  if (defaultMs <= 0 || policy.allowTimeoutOverride) return ownTimeoutMs;
  return Math.min(ownTimeoutMs, defaultMs);
}
