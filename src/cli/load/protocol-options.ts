import type { Command } from 'commander';
import { UsageError } from '../usage-error.ts';
import { type CommonOptions, type LoadProtocol, protocolOf } from './common-options.ts';
import { checkTlsOptions } from './tls-files.ts';

const tensors: readonly LoadProtocol[] = ['http', 'http-json', 'grpc'];
const texts: readonly LoadProtocol[] = ['chat', 'completions'];
const openAi: readonly LoadProtocol[] = [...texts, 'embeddings'];

/** The options that only some protocols have a use for, and which ones do. */
const protocolsOfOptions = {
  model: [...tensors, ...openAi],
  modelVersion: tensors,
  input: tensors,
  zero: tensors,
  dimension: tensors,
  dataset: tensors,
  check: tensors,
  tolerance: tensors,
  prompts: openAi,
  promptWords: openAi,
  outputTokens: texts,
} as const satisfies Partial<Record<keyof CommonOptions, readonly LoadProtocol[]>>;

/**
 * Makes sure that the addresses are some, and that nothing was given that the protocol has no use for: who says `--check` believes
 * that answers are checked.
 * @throws UsageError that names the option and the protocols that have it.
 */
export function checkProtocolOptions(url: string, command: Command): void {
  const options = command.opts<CommonOptions & { readonly vs?: string }>();
  const urls = options.vs === undefined ? [url] : [url, options.vs];
  for (const each of urls) checkAddress(each);
  checkTlsOptions(urls, options);
  const protocol = protocolOf(url, options);
  for (const [name, protocols] of Object.entries<readonly LoadProtocol[]>(protocolsOfOptions)) {
    if (command.getOptionValueSource(name) !== 'cli' || protocols.includes(protocol)) continue;
    const flag = command.options.find((option) => option.attributeName() === name)?.long ?? name;
    const hint =
      protocol === 'plain' && name !== 'model'
        ? `name the model with --model, or say what the server speaks with --protocol`
        : `leave ${flag} out, or say what the server speaks with --protocol`;
    throw new UsageError(
      `${flag} is for the protocols ${protocols.join(', ')}, and '${url}' is asked in the protocol '${protocol}', which has no use for it: ${hint}.`,
    );
  }
}

function checkAddress(url: string): void {
  if (URL.canParse(url) && /^(?:https?|grpcs?):\/\/./.test(url)) return;
  throw new UsageError(
    `'${url}' is no address to send load to: write it as http://127.0.0.1:8000, or as grpc://127.0.0.1:8001 with --model`,
  );
}
