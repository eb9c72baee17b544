/** Options whose values nobody else shall read. */
const secretOptions = ['--api-key'];

/** Headers whose values nobody else shall read. */
const secretHeader = /^((?:proxy-)?authorization|cookie|x-api-key|api-key)\s*:/i;

const hidden = '…';

/**
 * The command line that does the same again, for a shell: `headway` and its arguments, quoted where
 * they must be. Keys and passwords are left out, as what is written down may be passed on.
 * @param args what follows `headway`.
 */
export function formatCommand(args: readonly string[]): string {
  const shown = args.map((arg, index) => hideSecrets(arg, args[index - 1]));
  return ['headway', ...shown.map(quote)].join(' ');
}

function hideSecrets(arg: string, before: string | undefined): string {
  if (before !== undefined && secretOptions.includes(before)) return hidden;
  const [option = ''] = arg.split('=', 1);
  if (arg.includes('=') && secretOptions.includes(option)) return `${option}=${hidden}`;
  const header = secretHeader.exec(arg)?.[0];
  if (header !== undefined) return `${header} ${hidden}`;
  return hidePassword(arg);
}

/** A URL without the password it may hold; any other text as it is. */
export function hidePassword(text: string): string {
  return text.replace(/^([a-z]+:\/\/[^/@:]*):[^/@]+@/i, `$1:${hidden}@`);
}

function quote(arg: string): string {
  return /^[\w./:=,@%+…-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", String.raw`'\''`)}'`;
}
