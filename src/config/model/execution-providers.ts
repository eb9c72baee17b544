import { nearestName } from '../../core/nearest-name.ts';
import type { ExecutionProvider } from '../model-config.ts';
import { type ModelConfigSource, configError } from './config-source.ts';
import type { DecodedMessage } from './schema-types.ts';

type Accelerator = DecodedMessage<'Accelerator'>;

/** What Triton calls an option, and what ONNX Runtime calls it. */
type OptionNames = Readonly<Record<string, string>>;

const optionNames: Readonly<Record<'tensorrt' | 'cuda' | 'openvino', OptionNames>> = {
  tensorrt: {
    max_workspace_size_bytes: 'trt_max_workspace_size',
    int8_calibration_table_name: 'trt_int8_calibration_table_name',
    int8_use_native_calibration_table: 'trt_int8_use_native_calibration_table',
  },
  cuda: {},
  openvino: {},
};

const precisionOptions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  FP32: {},
  FP16: { trt_fp16_enable: '1' },
  INT8: { trt_int8_enable: '1' },
};

/**
 * Turns `optimization.execution_accelerators` into execution providers, GPU ones first, with the
 * runtime's own option names. Options that Triton does not rename pass through.
 * @throws HeadwayError `invalid_argument` for an unknown accelerator or precision.
 */
export function toExecutionProviders(
  accelerators: DecodedMessage<'Accelerators'> | undefined,
  source: ModelConfigSource,
): readonly ExecutionProvider[] {
  if (accelerators === undefined) return [];
  const { gpu_execution_accelerator: gpu, cpu_execution_accelerator: cpu } = accelerators;
  return [...gpu, ...cpu].map((accelerator) => toExecutionProvider(accelerator, source));
}

function toExecutionProvider(
  { name, parameters, line }: Accelerator,
  source: ModelConfigSource,
): ExecutionProvider {
  if (name !== 'tensorrt' && name !== 'cuda' && name !== 'openvino') {
    const known = Object.keys(optionNames);
    const nearest = nearestName(name, known);
    const hint =
      nearest === undefined ? `known are ${known.join(', ')}.` : `did you mean '${nearest}'?`;
    throw configError(source, line, `unknown execution accelerator '${name}'; ${hint}`);
  }
  const options: Record<string, string> = {};
  for (const [key, value] of parameters) {
    if (name === 'tensorrt' && key === 'precision_mode') {
      Object.assign(options, precision(value, line, source));
    } else {
      options[renamed(optionNames[name], key)] = value;
    }
  }
  return { name, options };
}

function renamed(names: OptionNames, key: string): string {
  return (Object.hasOwn(names, key) ? names[key] : undefined) ?? key;
}

function precision(
  mode: string,
  line: number,
  source: ModelConfigSource,
): Readonly<Record<string, string>> {
  const options = Object.hasOwn(precisionOptions, mode) ? precisionOptions[mode] : undefined;
  if (options !== undefined) return options;
  const known = Object.keys(precisionOptions).join(', ');
  throw configError(source, line, `precision_mode must be one of ${known}, got '${mode}'.`);
}
