/** Tokens that are good at a time: the one that the client came with last, and the newest. */
const TOKENS_MAX = 4;

/**
 * What a client has to show to resume its session: a new token with every welcome.
 *
 * A welcome can get lost with its socket, several in a row as well: then the client has only what it came with. Or a
 * hello comes late, on a socket that its client has left for another: then the client has the token of an earlier
 * welcome, and not of the one that answers that hello.
 */
export class ResumeTokens {
  /** The newest last. */
  readonly #tokens: string[] = [];

  /** That of the latest welcome. */
  get newest(): string {
    return this.#tokens.at(-1) ?? '';
  }

  /** @param presented - the token that the client came with, empty when it came with none */
  renew(token: string, presented: string): void {
    const tokens = this.#tokens;
    tokens.splice(0, tokens.indexOf(presented));
    if (tokens.length >= TOKENS_MAX) tokens.splice(1, 1);
    tokens.push(token);
  }

  accept(token: string): boolean {
    return this.#tokens.includes(token);
  }

  /** The client has shown that the latest welcome has reached it, and the token in it. */
  welcomeArrived(): void {
    if (this.#tokens.length > 1) this.#tokens.splice(0, this.#tokens.length - 1);
  }
}
