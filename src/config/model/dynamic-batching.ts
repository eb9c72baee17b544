import type { DynamicBatching, QueuePolicy } from '../model-config.ts';
import { type ModelConfigSource, configError, whereOf } from './config-source.ts';
import type { DecodedMessage } from './schema-types.ts';

type Decoded = DecodedMessage<'DynamicBatching'>;

/**
 * Checks `dynamic_batching` and completes it. Without the section a model still has a bounded queue
 * and, when it takes batches, whatever waits while its instances are busy runs together.
 * @param maxBatchSize the model's, where the file gives one.
 * @throws HeadwayError `invalid_argument` for values that contradict each other.
 */
export function toDynamicBatching(
  decoded: Decoded | undefined,
  maxBatchSize: number | undefined,
  source: ModelConfigSource,
): DynamicBatching {
  const defaultQueuePolicy = toQueuePolicy(decoded?.default_queue_policy, source);
  if (decoded === undefined) {
    return {
      preferredBatchSizes: [],
      maxQueueDelayMicroseconds: 0,
      preserveOrdering: false,
      priorityLevels: 0,
      defaultPriorityLevel: 0,
      defaultQueuePolicy,
      priorityQueuePolicies: new Map(),
    };
  }
  checkPreferredSizes(decoded, maxBatchSize, source);
  const priorityQueuePolicies = toPriorityPolicies(decoded, source);
  checkOrdering(decoded, [defaultQueuePolicy, ...priorityQueuePolicies.values()], source);
  return {
    preferredBatchSizes: decoded.preferred_batch_size.toSorted((a, b) => a - b),
    maxQueueDelayMicroseconds: decoded.max_queue_delay_microseconds,
    preserveOrdering: decoded.preserve_ordering,
    priorityLevels: decoded.priority_levels,
    defaultPriorityLevel: defaultLevel(decoded, source),
    defaultQueuePolicy,
    priorityQueuePolicies,
  };
}

function toQueuePolicy(
  decoded: DecodedMessage<'QueuePolicy'> | undefined,
  source: ModelConfigSource,
): QueuePolicy {
  return {
    timeoutAction: decoded?.timeout_action ?? 'reject',
    defaultTimeoutMicroseconds: decoded?.default_timeout_microseconds ?? 0,
    allowTimeoutOverride: decoded?.allow_timeout_override ?? false,
    maxQueueSize: decoded?.max_queue_size || source.defaultMaxQueueSize,
  };
}

function checkPreferredSizes(
  { preferred_batch_size: sizes, line }: Decoded,
  maxBatchSize: number | undefined,
  source: ModelConfigSource,
): void {
  const tooLarge = sizes.find((size) => maxBatchSize !== undefined && size > maxBatchSize);
  if (tooLarge === undefined) return;
  throw configError(
    source,
    line,
    `preferred_batch_size ${tooLarge} is larger than max_batch_size ${maxBatchSize}.`,
  );
}

function defaultLevel(decoded: Decoded, source: ModelConfigSource): number {
  const { priority_levels: levels, default_priority_level: level, line } = decoded;
  if (levels === 0 || (level >= 1 && level <= levels)) return levels === 0 ? 0 : level;
  throw configError(
    source,
    line,
    `default_priority_level must be from 1 to ${levels} (priority_levels), got ${level}.`,
  );
}

function toPriorityPolicies(
  decoded: Decoded,
  source: ModelConfigSource,
): ReadonlyMap<number, QueuePolicy> {
  const policies = new Map<number, QueuePolicy>();
  const { priority_levels: levels, priority_queue_policy: given } = decoded;
  if (levels === 0 && given.size > 0) {
    source.warn(
      `${whereOf(source, decoded.line)}: priority_queue_policy has no effect without priority_levels.`,
    );
    return policies;
  }
  for (const [level, policy] of given) {
    if (level < 1 || level > levels) {
      throw configError(
        source,
        policy.line,
        `priority_queue_policy is for levels 1 to ${levels} (priority_levels), got ${level}.`,
      );
    }
    policies.set(level, toQueuePolicy(policy, source));
  }
  return policies;
}

function checkOrdering(
  decoded: Decoded,
  policies: readonly QueuePolicy[],
  source: ModelConfigSource,
): void {
  if (!decoded.preserve_ordering) return;
  if (decoded.priority_levels > 1) {
    throw configError(
      source,
      decoded.line,
      'preserve_ordering cannot be combined with more than one priority level.',
    );
  }
  const delays = policies.some(
    (policy) => policy.timeoutAction === 'delay' && policy.defaultTimeoutMicroseconds > 0,
  );
  if (delays) {
    throw configError(
      source,
      decoded.line,
      'preserve_ordering cannot be combined with a timeout whose action is DELAY.',
    );
  }
}
