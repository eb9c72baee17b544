import { Command } from 'commander';
import type { CliContext } from './context.ts';
import { readHeadwayVersion } from './version.ts';

interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<(context: CliContext) => Command>;
}

/** Every command; each one's code is loaded only when it is asked for. */
const commands: Readonly<Record<string, CommandEntry>> = {
  serve: {
    summary: 'serve the models of a repository',
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
  pull: {
    summary: 'get a model file from a registry, a hub or a URL',
    load: async () => (await import('./commands/pull.ts')).pullCommand,
  },
  inspect: {
    summary: 'show what a model is: inputs, outputs, operators, size',
    load: async () => (await import('./commands/inspect.ts')).inspectCommand,
  },
  predict: {
    summary: 'run a model once, on a file or through a server',
    load: async () => (await import('./commands/predict.ts')).predictCommand,
  },
  evidence: {
    summary: 'list, show, compare, export and remove evidence of measurements',
    load: async () => (await import('./commands/evidence.ts')).evidenceCommand,
  },
  bench: {
    summary: 'send load to a server and measure it',
    load: async () => (await import('./commands/bench.ts')).benchCommand,
  },
  prove: {
    summary: 'prove or refute that a server holds an SLO',
    load: async () => (await import('./commands/prove.ts')).proveCommand,
  },
  doctor: {
    summary: 'check this machine: cores, runtime, ports, store',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
};

/**
 * Makes the command line. Only the command named is loaded whole; the others are lines of the help.
 * @param args the command line that will be parsed.
 */
export async function createProgram(
  context: CliContext,
  args: readonly string[],
): Promise<Command> {
  const wanted = args[0] === 'help' ? args[1] : args[0];
  const program = new Command('headway')
    .description(
      'Give it a trained model and an SLO: it finds the cheapest configuration that meets it, proves it under load, serves it, and watches it.',
    )
    .version(readHeadwayVersion(), '-V, --version')
    .addHelpText(
      'after',
      '\nExamples:\n  headway serve --model-repository ./models\n  headway inspect ./model.onnx\n  headway <command> --help\n\nExit codes: 0 ok, 1 failed, 2 wrong usage, 3 verdict not met, 4 not enough data for a verdict.',
    );
  applyOutput(program, context);
  for (const [name, entry] of Object.entries(commands)) {
    if (name === wanted) {
      const command = (await entry.load())(context);
      applyOutput(command, context);
      program.addCommand(command);
    } else {
      program.addCommand(new Command(name).summary(entry.summary).allowUnknownOption());
    }
  }
  return program;
}

function applyOutput(command: Command, context: CliContext): void {
  command
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(run with --help to see what is possible)')
    // Options with long names leave little room beside them.
    .configureHelp({ minWidthToWrap: 25 })
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'headway: ')),
    });
  for (const part of command.commands) applyOutput(part, context);
}
