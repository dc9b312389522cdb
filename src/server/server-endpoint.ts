/** Where the broadcaster's sockets come from, in either world. */
export interface ServerEndpoint {
  /** Drops all sockets and refuses new ones. */
  goDown(): void;
  comeUp(): void;
  /**
   * Keeps the process from its event loop, as a handler does that never returns to it.
   *
   * @returns until when, µs
   */
  block(forMs: number): number;
}
