import type { LoadClient } from '../load-client.ts';
import type { LoadOptions } from '../engine/load-frame.ts';
import { runClosedLoop, runOpenLoop } from '../run-load.ts';
import type { ClientPlan, FromGenerator, ToGenerator } from './messages.ts';
import { openPlannedClient } from './open-planned-client.ts';
import { sharedNowMs } from './shared-clock.ts';

/** The part of a generator process that does what it is told. */
export interface GeneratorAnswers {
  take(message: ToGenerator): void;
  /** Stops what goes on, and lets the process end. */
  end(): void;
}

type RunMessage = Extract<ToGenerator, { readonly kind: 'run' }>;

export function answerGenerator(tell: (message: FromGenerator) => void): GeneratorAnswers {
  let client: LoadClient | undefined;
  let stop = new AbortController();

  function connect(plan: ClientPlan): void {
    try {
      client = openPlannedClient(plan);
      tell({ kind: 'ready' });
    } catch (thrown) {
      tell({ kind: 'refused', message: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  }
  async function run(sender: LoadClient, message: RunMessage): Promise<void> {
    const { load, drainMs, tickMs, startAtMs } = message;
    stop = new AbortController();
    const options: LoadOptions = {
      signal: stop.signal,
      drainMs,
      startAtMs: performance.now() + startAtMs - sharedNowMs(),
      tickMs,
      onTick: tickMs === undefined ? undefined : (progress) => tell({ kind: 'tick', progress }),
    };
    const measured =
      load.kind === 'open'
        ? await runOpenLoop(load.schedule, sender, options)
        : await runClosedLoop(load.loop, sender, options);
    tell({ kind: 'done', run: measured });
  }

  return {
    take(message) {
      if (message.kind === 'connect') connect(message.client);
      else if (message.kind === 'stop') stop.abort();
      else if (client !== undefined) void run(client, message);
    },
    end() {
      stop.abort();
      client?.cutOff();
      void client?.[Symbol.asyncDispose]();
    },
  };
}
