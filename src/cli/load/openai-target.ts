import { createRandom } from '../../core/statistics/random.ts';
import { parseLengths } from '../../loadgen/inputs/lengths.ts';
import { makePrompts } from '../../loadgen/inputs/made-prompts.ts';
import { type OpenAiApi, prepareOpenAiRequest } from '../../loadgen/inputs/openai-requests.ts';
import { readJsonLines } from '../../loadgen/inputs/read-json-lines.ts';
import { readInputFile } from '../../operators/inputs/tensor-file.ts';
import type { CliContext } from '../context.ts';
import { describeOpenAiModel } from './describe-server.ts';
import { type LoadTarget, type TargetOptions, modelOf } from './load-target.ts';

/** Prompts that are made up before the first is asked again. */
const madePromptCount = 1_000;

/**
 * Asks a server of the OpenAI API; completions are streamed.
 * @throws HeadwayError `invalid_argument` for prompts or lengths that are none.
 */
export async function openOpenAiTarget(
  { cwd, signal }: Pick<CliContext, 'cwd' | 'signal'>,
  url: string,
  options: TargetOptions & { readonly api: OpenAiApi },
): Promise<LoadTarget> {
  const { api, apiKey, timeout, prompts, promptWords, outputTokens, seed, tls } = options;
  const asked = { api, model: modelOf(options), isStreamed: api !== 'embeddings' };
  const requests =
    prompts === undefined
      ? makePrompts({
          count: madePromptCount,
          promptLengths: parseLengths(promptWords),
          outputLengths: parseLengths(outputTokens),
          random: createRandom(seed),
        }).map((prompt) => prepareOpenAiRequest(prompt, asked))
      : readJsonLines(await readInputFile(cwd, prompts), asked);
  const client = { url, requests, apiKey, timeoutMs: timeout, tls };
  return {
    server: await describeOpenAiModel(url, { ...options, signal }),
    notes: [],
    plan: { protocol: 'openai', options: client },
  };
}
