/** A text of a client's in quotes, shortened: what is told back must not be as long as it likes. */
export function quoteText(text: string): string {
  return text.length > 100 ? `'${text.slice(0, 100)}…'` : `'${text}'`;
}
