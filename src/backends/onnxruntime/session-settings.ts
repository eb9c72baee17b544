import type { ModelConfig } from '../../config/model-config.ts';
import { invalidArgument } from '../../core/error.ts';
import type { SessionSettings, graphLevels } from '../../native/onnxruntime/session-options.ts';

/** `optimization.graph.level` of a config, and the runtime's level. */
const levels: Readonly<Record<number, keyof typeof graphLevels>> = {
  [-1]: 'basic',
  0: 'all',
  1: 'extended',
  2: 'disabled',
};

/**
 * A thread that spins while it waits for the next operator takes a core from whoever else needs
 * it; on this many cores or fewer somebody always does.
 */
const fewCores = 4;

/**
 * How the session of a model is made, from its config: `parameters` with the names Triton's ONNX
 * Runtime backend gives them, any `session.*` entry as it is, and threads such that all instances
 * together never have more than there are cores.
 * @throws HeadwayError `invalid_argument` for a parameter that is no number, or an entry that names
 * files.
 */
export function sessionSettings(config: ModelConfig, coreCount: number): SessionSettings {
  const instanceCount = config.instanceGroups.reduce((sum, group) => sum + group.count, 0);
  const number = (key: string): number | undefined => wholeNumberParameter(config, key);
  const arena = number('enable_mem_arena');
  const pattern = number('enable_mem_pattern');
  return {
    graphLevel: levels[config.graphLevel] ?? 'all',
    // Each running instance brings the thread that calls; the pool's are shared by all of them.
    intraOpThreads: number('intra_op_thread_count') ?? Math.max(1, coreCount - (instanceCount - 1)),
    interOpThreads: number('inter_op_thread_count') ?? 1,
    executionMode: number('execution_mode') === 1 ? 'parallel' : 'sequential',
    logId: config.name,
    ...(arena === undefined ? {} : { enableMemoryArena: arena !== 0 }),
    ...(pattern === undefined ? {} : { enableMemoryPattern: pattern !== 0 }),
    configEntries: {
      ...(coreCount <= fewCores ? { 'session.intra_op.allow_spinning': '0' } : {}),
      ...configEntries(config),
    },
    executionProviders: config.executionProviders,
  };
}

/** Entries that name files or folders would let a config lead the runtime out of the model's own. */
const namesFiles = /path|file|folder|librar/i;

function configEntries({ name, parameters }: ModelConfig): Record<string, string> {
  const entries = Object.entries(parameters).filter(([key]) => key.startsWith('session.'));
  for (const [key] of entries) {
    if (!namesFiles.test(key)) continue;
    throw invalidArgument(
      `Model '${name}': parameter '${key}' names files, which a model may not; remove it.`,
    );
  }
  return Object.fromEntries(entries);
}

function wholeNumberParameter({ name, parameters }: ModelConfig, key: string): number | undefined {
  const text = parameters[key];
  if (text === undefined) return undefined;
  if (!/^\d{1,6}$/.test(text)) {
    throw invalidArgument(
      `Model '${name}': parameter '${key}' must be a whole number, got '${text}'.`,
    );
  }
  return Number(text);
}
