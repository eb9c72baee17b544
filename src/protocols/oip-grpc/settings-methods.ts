import type { InferenceServer } from '../../server/interface.ts';
import {
  type LogSettingMessage,
  type TraceSettingMessage,
  inferenceService,
  logSettingsMessage,
  traceSettingsMessage,
} from './codec/messages.ts';
import type { GrpcMethod } from './method.ts';
import { message, plainMethod } from './unary.ts';

/** TraceSetting and LogSettings, which change settings and answer what they are then. */
export function createSettingsMethods(server: InferenceServer): readonly GrpcMethod[] {
  return [
    plainMethod({
      path: `${inferenceService}/TraceSetting`,
      plane: 'admin',
      request: traceSettingsMessage,
      answer({ settings, model_name: model }) {
        const changes = Object.entries(settings).map(
          ([name, { value }]): [string, readonly string[]] => [name, value],
        );
        const values =
          changes.length === 0
            ? server.tracing.settings(model)
            : server.tracing.update(model, new Map(changes));
        return message(traceSettingsMessage, {
          settings: Object.fromEntries(
            [...values].map(([name, value]) => [name, toTraceSetting(value)]),
          ),
        });
      },
    }),
    plainMethod({
      path: `${inferenceService}/LogSettings`,
      plane: 'admin',
      request: logSettingsMessage,
      answer({ settings }) {
        const changes = Object.entries(settings).map(([name, value]): [string, unknown] => [
          name,
          value.bool_param ?? value.uint32_param ?? value.string_param ?? null,
        ]);
        const values = server.logging.update(new Map(changes));
        return message(logSettingsMessage, {
          settings: Object.fromEntries(
            Object.entries(values).map(([name, value]) => [name, toLogSetting(value)]),
          ),
        });
      },
    }),
  ];
}

function toTraceSetting(value: string | readonly string[]): TraceSettingMessage {
  return { value: typeof value === 'string' ? [value] : value };
}

function toLogSetting(value: string | number | boolean): LogSettingMessage {
  switch (typeof value) {
    case 'boolean':
      return { bool_param: value };
    case 'number':
      return { uint32_param: value };
    default:
      return { string_param: value };
  }
}
