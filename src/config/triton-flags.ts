import { invalidArgument } from '../core/error.ts';
import { type ServerConfig, serverSettings } from './server-config.ts';
import { optionName } from './server-flags.ts';
import { readTraceConfig } from './trace-config-flag.ts';

/** A flag of Triton's server that is written otherwise here. Those of the same name are settings. */
export type TritonFlag =
  /** It sets the same; `suffix` is the unit that Triton leaves out. */
  | { readonly kind: 'alias'; readonly of: keyof ServerConfig; readonly suffix: '' | 's' }
  /** It may be given several times; `read` makes settings of its values. */
  | {
      readonly kind: 'several';
      read(values: readonly string[]): Readonly<Record<string, unknown>>;
    }
  /** It is taken and changes nothing, of which the log tells; `why` says so. */
  | { readonly kind: 'ignored'; readonly why: string }
  /**
   * It is refused, but for values that ask for what is so anyway, such as `--allow-http=true`;
   * `instead` says what to do.
   */
  | { readonly kind: 'refused'; readonly instead: string; readonly usual: readonly string[] };

const alias = (of: keyof ServerConfig, suffix: '' | 's' = ''): TritonFlag => ({
  kind: 'alias',
  of,
  suffix,
});
const ignored = (why: string): TritonFlag => ({ kind: 'ignored', why });
const refused = (instead: string, ...usual: string[]): TritonFlag => ({
  kind: 'refused',
  instead,
  usual,
});

// As Triton reads them; a switch without a value is on.
const on = ['true', '1'];
const off = ['false', '0'];

const gpuMemory = 'the runtime manages its memory.';
const noListener = 'leave it out: there is no such listener.';
const configured = "leave it out: set it in the model's config.";
const perKey = 'leave it out: keys are given with --api-key and open every request.';
const everyPort = 'every port then speaks TLS, HTTP too.';
const threads = 'connections need no threads.';
const keepalive =
  'pings of clients are answered up to a limit, and none are sent: TCP finds out who is gone.';
const noPool = 'there is no such pool.';
const onePort = 'leave it out: a port belongs to one server.';

/**
 * Flags of `tritonserver`, by name without the dashes, in groups: taken as they are, written
 * otherwise, and without a counterpart.
 */
export const tritonFlags: Readonly<Record<string, TritonFlag>> = {
  'model-store': alias('modelRepositories'),
  'http-address': alias('httpHost'),
  'grpc-address': alias('grpcHost'),
  'metrics-address': alias('metricsHost'),
  'repository-poll-secs': alias('repositoryPollMs', 's'),
  'exit-timeout-secs': alias('exitTimeoutMs', 's'),
  'http-max-input-size': alias('maxBodyBytes'),
  'response-cache-byte-size': alias('responseCacheBytes'),

  'trace-config': { kind: 'several', read: readTraceConfig },

  'cache-config': refused('use --response-cache with a size such as 1GiB.'),
  'log-verbose': refused('use --log-level verbose.', '0'),
  'log-info': refused('use --log-level info or warning.', ...on),
  'log-warning': refused('use --log-level warning or error.', ...on),
  'log-error': refused('leave it out: errors are always logged.', ...on),
  'log-file': refused('send standard error to a file.'),
  'log-format': refused(
    'leave it out, and set log_format by /v2/logging while the server runs.',
    'default',
  ),
  'trace-count': refused(
    'leave it out, and set trace_count by /v2/trace/setting while the server runs.',
    '-1',
  ),
  'trace-log-frequency': refused(
    'leave it out, and set log_frequency by /v2/trace/setting while the server runs.',
    '0',
  ),
  'grpc-use-ssl': refused(`give --tls-certificate and --tls-key: ${everyPort}`, ...off),
  'grpc-use-ssl-mutual': refused(
    'give --tls-client-ca: clients of every port then need a certificate.',
    ...off,
  ),
  'grpc-server-cert': refused(`use --tls-certificate: ${everyPort}`),
  'grpc-server-key': refused(`use --tls-key: ${everyPort}`),
  'grpc-root-cert': refused(
    'use --tls-client-ca: clients of every port then need a certificate of those authorities.',
  ),
  'http-restricted-api': refused(perKey),
  'grpc-restricted-protocol': refused(perKey),

  'strict-readiness': refused(
    'leave it out: the server is never ready before all of its models are.',
    ...on,
  ),
  'strict-model-config': refused(
    'leave it out: what a config leaves open is read from the model.',
    ...off,
  ),
  'disable-auto-complete-config': refused(
    'leave it out: what a config leaves open is read from the model, and what it says is kept.',
  ),
  'exit-on-error': refused(
    'leave it out: a model that cannot be loaded keeps the server from being ready, not from serving the others.',
    ...off,
  ),
  'allow-http': refused('leave it out: HTTP is always served.', ...on),
  'allow-grpc': refused('leave it out: gRPC is always served.', ...on),
  'allow-metrics': refused('leave it out: metrics are always served.', ...on),
  'allow-cpu-metrics': refused('leave it out: metrics of the process are always served.', ...on),
  'allow-gpu-metrics': refused('leave it out: metrics of GPUs are not served.', ...off),
  'metrics-config': refused('leave it out: histograms are always served.'),
  'metrics-interval-ms': ignored('metrics are taken when they are asked for.'),
  'backend-config': refused(configured),
  'host-policy': refused(configured),
  'model-config-name': refused('leave it out: a model has one config.'),
  'model-namespacing': refused(
    'leave it out: give models of different folders different names.',
    ...off,
  ),
  'backend-directory': refused('use --onnxruntime-library to name another runtime.'),
  'repoagent-directory': ignored('there are no repository agents.'),
  'cache-directory': ignored('the response cache is built in.'),
  'rate-limit': refused('leave it out: there is no rate limiter yet.', 'off'),
  'rate-limit-resource': refused('leave it out: there is no rate limiter yet.'),
  'http-thread-count': ignored(threads),
  'model-load-thread-count': refused('leave it out: four models load at a time.', '4'),
  'model-load-retry-count': refused('leave it out: load the model again instead.', '0'),
  'model-load-gpu-limit': ignored(gpuMemory),
  'pinned-memory-pool-byte-size': ignored(gpuMemory),
  'cuda-memory-pool-byte-size': ignored(gpuMemory),
  'cuda-virtual-address-size': ignored(gpuMemory),
  'min-supported-compute-capability': ignored('the runtime checks the GPU.'),
  'buffer-manager-thread-count': ignored(noPool),
  'reuse-http-port': refused(onePort, ...off),
  'reuse-grpc-port': refused(onePort, ...off),
  'grpc-infer-thread-count': ignored(threads),
  'grpc-infer-allocation-pool-size': ignored(noPool),
  'grpc-max-response-pool-size': ignored(noPool),
  'grpc-infer-response-compression-level': refused(
    'leave it out: answers over gRPC are not compressed.',
    'none',
  ),
  'grpc-keepalive-time': ignored(keepalive),
  'grpc-keepalive-timeout': ignored(keepalive),
  'grpc-keepalive-permit-without-calls': ignored(keepalive),
  'grpc-http2-max-pings-without-data': ignored(keepalive),
  'grpc-http2-min-recv-ping-interval-without-data': ignored(keepalive),
  'grpc-http2-max-ping-strikes': ignored(keepalive),
  'grpc-max-connection-age': refused('leave it out: a connection may be as old as it likes.', '0'),
  'grpc-max-connection-age-grace': refused(
    'leave it out: a connection may be as old as it likes.',
    '0',
  ),
  'enable-peer-access': ignored(gpuMemory),
  'allow-sagemaker': refused(noListener, ...off),
  'allow-vertex-ai': refused(noListener, ...off),
  'sagemaker-port': refused(noListener),
  'sagemaker-safe-port-range': refused(noListener),
  'sagemaker-thread-count': refused(noListener),
  'vertex-ai-port': refused(noListener),
  'vertex-ai-thread-count': refused(noListener),
  'vertex-ai-default-model': refused(noListener),
};

/**
 * Turns Triton's flags among parsed command-line options, by camel-cased name, into settings;
 * those that change nothing are left out.
 * @param values the settings that Headway's own flags gave, which they are added to.
 * @throws HeadwayError `invalid_argument` for a flag without a counterpart, saying what to do, and
 * for one given beside Headway's own.
 */
export function addTritonFlags(
  options: Readonly<Record<string, unknown>>,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const added: Record<string, unknown> = { ...values };
  for (const [name, flag] of Object.entries(tritonFlags)) {
    const given = options[optionName(name)];
    if (given === undefined || flag.kind === 'ignored') continue;
    if (flag.kind === 'refused') {
      const value = given === true ? 'true' : String(given).toLowerCase();
      if (flag.usual.includes(value)) continue;
      throw invalidArgument(`--${name} is a flag of Triton that Headway lacks; ${flag.instead}`);
    }
    for (const [key, value] of Object.entries(readFlag(flag, given))) {
      if (added[key] !== undefined) {
        const { flag: own } = serverSettings[key as keyof ServerConfig];
        throw invalidArgument(`--${name} is Triton's word for --${own}; give one of them.`);
      }
      added[key] = value;
    }
  }
  return added;
}

/** What is to be said of Triton's flags among parsed options that change nothing here. */
export function ignoredTritonFlags(options: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(tritonFlags).flatMap(([name, flag]) =>
    flag.kind === 'ignored' && options[optionName(name)] !== undefined
      ? [`--${name} changes nothing: ${flag.why}`]
      : [],
  );
}

function readFlag(
  flag: Exclude<TritonFlag, { kind: 'refused' | 'ignored' }>,
  given: unknown,
): Readonly<Record<string, unknown>> {
  if (flag.kind === 'several') return flag.read(given as readonly string[]);
  const isList = serverSettings[flag.of].kind === 'texts';
  return { [flag.of]: isList ? given : `${String(given)}${flag.suffix}` };
}
