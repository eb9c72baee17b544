import process from 'node:process';

// Plays a generator process that dies as soon as a run begins.

process.on('message', ({ kind }: { readonly kind: string }) => {
  if (kind !== 'run') process.send?.({ kind: 'ready' });
  else {
    process.exitCode = 7;
    process.disconnect();
  }
});
