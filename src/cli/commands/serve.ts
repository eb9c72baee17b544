import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { type ServerConfigLayer, resolveServerConfig } from '../../config/resolve-server-config.ts';
import { type ServerConfig, serverSettings } from '../../config/server-config.ts';
import { flagOf, serverFlags, settingsFromFlags } from '../../config/server-flags.ts';
import {
  type TritonFlag,
  addTritonFlags,
  ignoredTritonFlags,
  tritonFlags,
} from '../../config/triton-flags.ts';
import { HeadwayError } from '../../core/error.ts';
import { type LogFormat, createControlledLogger, createLogControl } from '../../server/logging.ts';
import { type CliContext, printJson, printLine } from '../context.ts';
import type { RunningServer } from '../create-server.ts';
import { loadConfigFile } from '../load-config.ts';
import { createTextLogger } from '../logger.ts';
import { readUsage } from '../option-values.ts';
import { startRuntime } from '../start-runtime.ts';
import { UsageError } from '../usage-error.ts';

/** `headway serve`: serves the models of a repository until it is told to stop. */
export function serveCommand(context: CliContext): Command {
  const command = new Command('serve')
    .summary('serve the models of a repository')
    .description(
      'Serves the models of a repository over the Open Inference Protocol (HTTP and gRPC), with metrics for Prometheus, until SIGINT or SIGTERM; it then finishes the requests in flight and exits.',
    )
    .option('--config <file>', 'configuration file (default headway.config.ts or headway.yaml)')
    .option('--json', 'print the addresses as JSON when serving')
    .addHelpText(
      'after',
      [
        '',
        'Examples:',
        '  headway serve --model-repository ./models',
        '  headway serve --model-repository ./models --http-port 9000 --log-level verbose',
        '  headway serve --model-repository ./models --model-control-mode explicit --load-model resnet',
        '  headway serve --model-repository ./models --http-host 0.0.0.0 --api-key "$KEY"',
      ].join('\n'),
    );
  for (const flag of serverFlags()) {
    if (flag.repeatable) command.option(flag.usage, flag.description, collect);
    else command.option(flag.usage, flag.description);
  }
  for (const [name, flag] of Object.entries(tritonFlags))
    command.addOption(hiddenOption(name, flag));
  return command.action(async (options: Record<string, unknown>) => {
    const file = await loadConfigFile(context.cwd, options['config'] as string | undefined);
    const config = completeConfig(file, options);
    const warnings = ignoredTritonFlags(options);
    await serveUntilStopped(context, config, { isJson: options['json'] === true, warnings });
  });
}

/** A flag of Triton's, understood but not shown. */
function hiddenOption(name: string, flag: TritonFlag): Option {
  if (flag.kind === 'refused' || flag.kind === 'ignored')
    return new Option(`--${name} [value]`).hideHelp();
  const option = new Option(`--${name} <value>`).hideHelp();
  const isList = flag.kind === 'several' || serverSettings[flag.of].kind === 'texts';
  return isList ? option.argParser(collect) : option;
}

/** Settings that cannot be are wrong usage, wherever they were written. */
function completeConfig(
  file: ServerConfigLayer | undefined,
  options: Readonly<Record<string, unknown>>,
): ServerConfig {
  const config = readUsage(() => {
    const values = addTritonFlags(options, settingsFromFlags(options));
    const flags = { from: 'command line', values, written: flagOf };
    return resolveServerConfig(file === undefined ? [flags] : [file, flags]);
  });
  if (config.modelRepositories.length > 0) return config;
  throw new UsageError(
    'no model repository was given; name a folder of models: headway serve --model-repository ./models',
  );
}

function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

async function serveUntilStopped(
  context: CliContext,
  config: ServerConfig,
  { isJson, warnings }: { readonly isJson: boolean; readonly warnings: readonly string[] },
): Promise<void> {
  checkRepositories(context, config);
  const { clock, signal } = context;
  const logControl = createLogControl(config.logLevel);
  const format = (): LogFormat => logControl.settings().log_format;
  const text = createTextLogger({ stream: context.stderr, clock, format });
  const logger = createControlledLogger(text, logControl);
  for (const warning of warnings) logger.warning(warning);
  const runtime = startRuntime(config, logger);
  const { startServer } = await import('../create-server.ts');
  await using server = await startServer(config, { runtime, logger, logControl, clock, signal });
  if (signal.aborted) return;
  announce(context, server, isJson);
  await once(signal, 'abort');
}

function checkRepositories(context: CliContext, config: ServerConfig): void {
  for (const root of config.modelRepositories) {
    if (existsSync(resolve(context.cwd, root))) continue;
    throw new HeadwayError('not_found', `There is no folder '${root}' to serve models from.`);
  }
}

function announce(context: CliContext, server: RunningServer, isJson: boolean): void {
  if (isJson) {
    printJson(context, { ready: server.isReady(), urls: server.urls });
    return;
  }
  printLine(context, server.isReady() ? 'Serving' : 'Serving, but not every model is ready');
  printLine(context, `  inference  ${server.urls.http}/v2`);
  printLine(context, `  gRPC       ${server.urls.grpc}`);
  printLine(context, `  metrics    ${server.urls.metrics}/metrics`);
}
