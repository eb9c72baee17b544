import { createGrpcLoadClient } from '../clients/grpc-client.ts';
import { createHttpLoadClient } from '../clients/http-client.ts';
import { createOpenAiLoadClient } from '../clients/openai-client.ts';
import { expectGrpcOutputs, expectHttpOutputs } from '../expected/expect-outputs.ts';
import type { CheckedRequest, PreparedRequest } from '../inputs/prepared-request.ts';
import type { LoadClient } from '../load-client.ts';
import { createQueryClient } from '../mlperf/query-client.ts';
import type { ClientPlan, ExpectedOutputs } from './messages.ts';

/**
 * Makes the client of a plan.
 * @throws HeadwayError `invalid_argument` when it cannot be made.
 */
export function openPlannedClient(plan: ClientPlan): LoadClient {
  const client = openSingleClient(plan);
  const { samplesPerQuery = 1 } = plan;
  return samplesPerQuery === 1 ? client : createQueryClient(client, samplesPerQuery);
}

function openSingleClient(plan: ClientPlan): LoadClient {
  switch (plan.protocol) {
    case 'http': {
      const requests = withChecks(plan.options.requests, plan.expected, expectHttpOutputs);
      return createHttpLoadClient({ ...plan.options, requests });
    }
    case 'grpc': {
      const requests = withChecks(plan.options.requests, plan.expected, expectGrpcOutputs);
      return createGrpcLoadClient({ ...plan.options, requests });
    }
    case 'openai':
      return createOpenAiLoadClient(plan.options);
  }
}

function withChecks(
  requests: readonly PreparedRequest[],
  expected: ExpectedOutputs | undefined,
  makeCheck: typeof expectHttpOutputs,
): readonly CheckedRequest[] {
  if (expected === undefined) return requests;
  const { outputs, tolerance } = expected;
  return requests.map((request, index) => ({
    ...request,
    check: makeCheck(outputs[index % outputs.length] ?? new Map(), tolerance),
  }));
}
