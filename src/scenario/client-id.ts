/** What a simulated client is called on the wire: the one place that turns its number into an id and back. */

const ID = /^c(0|[1-9]\d*)$/;

export function clientId(client: number): string {
  return `c${client}`;
}

/** @returns undefined for an id that no simulated client has */
export function clientNumber(id: string): number | undefined {
  const digits = ID.exec(id)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
