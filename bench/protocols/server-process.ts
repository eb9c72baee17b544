import process from 'node:process';
import { createServer } from '../../src/cli/create-server.ts';

// The server as `headway serve` runs it, telling its ports to the benchmark: that of gRPC first,
// that of HTTP when it is asked.
const server = await createServer({
  modelRepositories: [process.argv[2] ?? ''],
  httpPort: 0,
  grpcPort: 0,
  metricsPort: 0,
  allowClientSharedMemory: true,
});
process.on('disconnect', () => process.exit());
process.on('message', () => process.send?.(Number(new URL(server.urls.http).port)));
process.send?.({ port: Number(server.urls.grpc.split(':').at(-1)) });
