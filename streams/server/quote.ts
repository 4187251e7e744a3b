// Text in nats-server's configuration format.
import { ServerOptionsError } from './errors.ts';

/** The server refuses names with spaces: monitoring and the cluster's own subjects carry them. */
export function withoutSpaces(option: string, name: string): string {
  if (name === '' || /\s/.test(name)) {
    throw new ServerOptionsError(
      `${option} must not be empty or hold spaces, as ${JSON.stringify(name)} does`,
    );
  }
  return name;
}

/** @throws ServerOptionsError for what the format cannot carry */
export function quoted(option: string, text: string): string {
  for (const char of text) {
    if (char < ' ' || char === '\u007f') {
      throw new ServerOptionsError(
        `${option} holds a control character, which the server's format cannot carry`,
      );
    }
  }
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
